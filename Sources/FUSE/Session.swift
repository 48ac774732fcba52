internal import Linux
internal import Synchronization

/// One FUSE mount and the threads that serve it.
///
/// `mount()` or `resume(_:_:)`, then `run()` until the task is cancelled, `stop()` is called or someone else unmounts it. However it
/// ends, no mount stays behind, except by `leave()`. The mount is read-only; setuid and device nodes work on it.
package final class Session: Sendable {
    private enum State {
        case idle
        case mounted(Connection, device: String)
        case running(Connection, device: String)
        /// Ends without taking the mount down.
        case leaving
        case ended
    }

    /// The type the mount has in /proc/self/mountinfo.
    package static let mountType = "fuse.imagelet"

    package let path: String
    let context: Context
    private let state = Mutex(State.idle)
    private let shaken = Mutex<Handshake?>(nil)

    package init(_ fileSystem: any FileSystem, at path: String, options: Options) {
        self.path = path
        context = Context(fileSystem, options)
    }

    /// What kernel and daemon agreed on; nil before `mount` or `resume`.
    package var handshake: Handshake? { shaken.withLock { $0 } }

    /// Whether the mount can be cloned with other user ids, as pods with user namespaces need it (mount_setattr(2)); false before
    /// `mount` or `resume`.
    package var mapsIDs: Bool { handshake?.mapsIDs ?? false }

    /// Requests the file system dropped without an answer; each is a bug in it.
    package var droppedRequests: Int { context.ledger.dropped }

    /// Mounts at `path`, a directory. A mount that a dead daemon of ours left there is taken off first. Whoever looks into the mount
    /// from now on waits until `run` serves.
    package func mount() throws(FUSEError) {
        precondition(isIdle, "a session is mounted once")
        let target: String
        do {
            target = try Path.resolvingParents(of: path)
            while let left = try Mount.find(at: target), left.type == Self.mountType {
                try Mount.unmount(target, lazily: true)
            }
        } catch {
            throw FUSEError(.mount, "cannot mount at \(path): \(error)")
        }
        let descriptor: OwnedDescriptor
        do {
            descriptor = try OwnedDescriptor(device: "/dev/fuse")
        } catch {
            throw FUSEError(.unavailable, "\(error); load the module `fuse` and run as root")
        }
        let device = try Self.attach(descriptor.rawValue, at: target)
        do {
            let connection = try Connection(context, on: descriptor)
            begin(connection, device, try connection.shakeHands())
        } catch {
            detach(device)
            throw error
        }
        if let size = context.options.readAheadKiB { Self.setReadAhead(size, of: device) }
    }

    /// Serves until cancelled or unmounted. `mount` or `resume` must have been called.
    /// - Parameter whenServed: called when no more questions are taken; this returns once those that were taken are answered.
    package func run(whenServed: @escaping @Sendable () -> Void = {}) async throws {
        defer { whenServed() }
        guard let (connection, device) = start() else { return }
        let threads = context.options.threads
        let ledger = context.ledger
        let result: Result<Void, FUSEError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let serve: @Sendable () -> Void = {
                    let result = Result { () throws(FUSEError) in try connection.serve(threads: threads) }
                    whenServed()
                    // Answers that are still to come need libfuse's session.
                    ledger.whenDrained { continuation.resume(returning: result) }
                }
                do {
                    try BlockingThread.start("fuse-main", serve)
                } catch {
                    continuation.resume(returning: .failure(FUSEError(.session, "cannot serve \(path): \(error)")))
                }
            }
        } onCancel: {
            stop()
        }
        let leaves = state.withLock { state in
            defer { state = .ended }
            if case .leaving = state { return true }
            return false
        }
        if !leaves { detach(device) }
        try result.get()
    }

    /// Unmounts and lets `run` return. What uses the mount keeps its name for it but gets "not connected" once the last descriptor of
    /// the connection is closed. May be called at any time and more than once.
    package func stop() {
        let previous = state.withLock { state in
            defer { if case .mounted = state { state = .ended } }
            return state
        }
        switch previous {
        case .idle, .leaving, .ended: return
        case .mounted(_, let device): detach(device)
        case .running(let connection, let device):
            detach(device)
            connection.stop()
        }
    }

    /// Lets `run` return without unmounting and without answering what is still open: whoever has a copy of the descriptor keeps the
    /// mount alive, and its users wait until the next process resumes it.
    package func leave() {
        let previous = state.withLock { state in
            let previous = state
            switch previous {
            case .mounted: state = .ended
            case .running: state = .leaving
            case .idle, .leaving, .ended: break
            }
            return previous
        }
        guard case .running(let connection, _) = previous else { return }
        connection.mute()
        connection.stop()
    }

    /// Takes over what `mount` or `resume` brought about.
    func begin(_ connection: Connection, _ device: String, _ handshake: Handshake) {
        shaken.withLock { $0 = handshake }
        state.withLock { $0 = .mounted(connection, device: device) }
    }

    /// The connection and its mount's device, from `mount` or `resume` to the end.
    var live: (connection: Connection, device: String)? {
        state.withLock { state in
            switch state {
            case .mounted(let connection, let device), .running(let connection, let device): (connection, device)
            case .idle, .leaving, .ended: nil
            }
        }
    }
}

extension Session {
    /// Tells the kernel that a directory has changed: its attributes and its listing are asked for again. Not from inside a request.
    /// - Parameter gone: names in it that stand for nothing any more.
    package func expire(_ directory: NodeID, gone: [[UInt8]]) {
        guard let connection = live?.connection else { return }
        for name in gone { connection.expireName(name, in: directory) }
        connection.expireAttributes(of: directory)
    }

    var isIdle: Bool {
        state.withLock { state in
            if case .idle = state { true } else { false }
        }
    }

    /// nil if it was stopped before it ran.
    private func start() -> (Connection, device: String)? {
        state.withLock { state in
            guard case .mounted(let connection, let device) = state else { return nil }
            state = .running(connection, device: device)
            return (connection, device)
        }
    }

    /// mount(2) with the descriptor; fusermount isn't needed by root and would add nosuid and nodev.
    private static func attach(_ descriptor: Int32, at target: String) throws(FUSEError) -> String {
        let options =
            "fd=\(descriptor),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        do {
            try Mount.mount(
                source: "imagelet", target: target, type: mountType, flags: [.readOnly, .noAccessTimes],
                options: options)
        } catch {
            throw FUSEError(.mount, "\(error); mounting needs root (CAP_SYS_ADMIN) and an existing directory")
        }
        let mount = try? Mount.find(at: target)
        return mount?.device ?? ""
    }

    /// Takes our mount off the path if it is still there. Lazily: it may be in use by containers.
    private func detach(_ device: String) {
        // Nothing can be done about a failure here, and the descriptor's end takes the rest of the session down.
        guard let target = try? Path.resolvingParents(of: path), isOurs(target, device) else { return }
        _ = try? Mount.unmount(target, lazily: true)
    }

    private func isOurs(_ target: String, _ device: String) -> Bool {
        let mount = try? Mount.find(at: target)
        return mount?.device == device
    }

    /// The kernel's read-ahead of this mount alone. /sys may be read-only or absent: then it stays as it is.
    private static func setReadAhead(_ size: Int, of device: String) {
        let file = try? File("/sys/class/bdi/\(device)/read_ahead_kb", .readWrite)
        _ = try? file?.write(Array("\(size)\n".utf8), at: 0)
    }
}
