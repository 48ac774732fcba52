package import Linux

extension Session {
    /// What a later process needs beside a descriptor of the connection.
    package struct Record: Sendable, Equatable {
        /// Major and minor of the mount's device, "0:52".
        package var device: String
        package var handshake: Handshake

        package init(device: String, handshake: Handshake) {
            self.device = device
            self.handshake = handshake
        }
    }

    /// For the process that comes after this one; nil unless mounted.
    package var record: Record? {
        guard let device = live?.device, let handshake else { return nil }
        return Record(device: device, handshake: handshake)
    }

    /// A descriptor of the connection, which lives as long as any is open; nil unless mounted.
    package func descriptor() throws(LinuxError) -> SharedDescriptor? {
        guard let connection = live?.connection else { return nil }
        return SharedDescriptor(try connection.duplicate())
    }

    /// Goes on with a mount that another process served, instead of `mount`.
    ///
    /// The kernel puts those questions again that were taken and not answered. Node ids must mean what they meant. The flags of the
    /// first FUSE_INIT stay in force.
    /// - Returns: false if the kernel cannot ask again (before 6.9): whoever had asked waits until he is killed.
    /// - Throws: if the descriptor isn't what the record says, the mount is gone from `path`, or this libfuse cannot go on with what was
    ///   agreed. The mount is as it was then.
    package func resume(_ descriptor: consuming OwnedDescriptor, _ record: Record) throws(FUSEError) -> Bool {
        precondition(isIdle, "a session is mounted once")
        try check(descriptor, record)
        let connection = try Connection(context, on: descriptor)
        let handshake = try connection.shakeHands(repeating: record.handshake.request)
        guard handshake.canServe(record.handshake) else {
            throw FUSEError(.session, "\(path): libfuse would take less than the kernel was promised")
        }
        let asksAgain = connection.askAgain()
        begin(connection, record.device, record.handshake)
        return asksAgain
    }

    /// Number of /dev/fuse (Documentation/admin-guide/devices.txt).
    private static let deviceNode: (major: UInt32, minor: UInt32) = (10, 229)

    private func check(_ descriptor: borrowing OwnedDescriptor, _ record: Record) throws(FUSEError) {
        do throws(LinuxError) {
            let status = try descriptor.status()
            guard status.kind == .characterDevice,
                (status.deviceMajor, status.deviceMinor) == Self.deviceNode,
                let state = try Readiness.wait(readable: [], watched: [descriptor.rawValue], timeout: .zero).first
            else { throw LinuxError(.invalidArgument, "resume", path) }
            // The connection was cut, or its file system is gone.
            if state.isDead { throw LinuxError(.notConnected, "resume", path) }
            guard let mount = try Mount.find(at: path), mount.type == Self.mountType, mount.device == record.device
            else { throw LinuxError(.noEntry, "resume", path) }
        } catch {
            throw FUSEError(.session, "\(error)")
        }
    }

    /// How far serving has come, for a watchdog.
    package struct Progress: Sendable, Equatable {
        /// Questions taken from the kernel so far.
        package var questionsTaken: UInt64
        /// Threads that wait for one.
        package var idleThreads: Int

        package init(questionsTaken: UInt64, idleThreads: Int) {
            self.questionsTaken = questionsTaken
            self.idleThreads = idleThreads
        }

        /// Whether no thread has come back for a question since `earlier`.
        package func isStuck(since earlier: Progress) -> Bool {
            idleThreads == 0 && questionsTaken == earlier.questionsTaken
        }
    }

    /// nil unless mounted.
    package var progress: Progress? { live?.connection.progress }
}
