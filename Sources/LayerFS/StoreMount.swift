internal import FUSE
package import Layers
package import Linux
package import Logging
internal import Synchronization

/// The one FUSE mount of the node, below which every layer has a directory.
///
/// `mount()` or `resume(_:)`, then `run()` until cancelled; no mount stays behind, except by `leave()`.
package final class StoreMount: Sendable {
    package struct Options: Sendable {
        /// Threads that answer the kernel; a question that is answered from the disk occupies one meanwhile.
        package var threads: Int
        /// The kernel's read-ahead for sequential readers in KiB; nil leaves the kernel's own.
        package var readAheadKiB: Int?
        package var metrics = StoreMetrics()

        package init(threads: Int = 8, readAheadKiB: Int? = 1024) {
            self.threads = threads
            self.readAheadKiB = readAheadKiB
        }
    }

    package let path: String
    private let fileSystem: StoreFileSystem
    private let session: Session
    private let seen = Mutex<Session.Progress?>(nil)

    /// - Parameters:
    ///   - path: an existing directory.
    ///   - backing: the directory whose file system statfs tells about.
    package init(
        _ layers: any LayerDirectory, at path: String, backing: String, options: Options = Options(), logger: Logger
    ) {
        self.path = path
        fileSystem = StoreFileSystem(layers, backing: backing, metrics: options.metrics, logger: logger)
        var session = Session.Options(threads: options.threads, readAheadKiB: options.readAheadKiB)
        session.metrics = options.metrics.session
        self.session = Session(fileSystem, at: path, options: session)
    }

    /// Where the root of a layer is, for a lower directory of an overlay.
    package func directory(ofSlot slot: UInt32) -> String { "\(path)/\(slot)" }

    /// Mounts; whoever looks into it waits until `run`. Takes off what a dead daemon left there.
    /// - Throws: `FUSEError`, whose text says what to do.
    package func mount() throws { try session.mount() }

    /// Serves until cancelled or unmounted.
    /// - Parameter end: what to do when cancelled; it must end the mount by `stop` or `leave`.
    package func run(ending end: @escaping @Sendable () -> Void) async throws {
        // Not by a thread of this process: killed while it waits for itself, the process would never end. Without it all works as well.
        try? DetachedProcess.touch("\(path)/\(StoreRoot.touchstone)")
        let (served, ends) = AsyncStream<Never>.makeStream()
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.session.run { ends.finish() } }
                group.addTask { await self.fileSystem.run() }
                // When no more questions come, nobody waits for misses that are still open: they are cancelled, and the session, which
                // returns when they are answered, with them.
                for await _ in served {}
                group.cancelAll()
                try await group.waitForAll()
            }
        } onCancel: {
            end()
        }
    }

    /// As `run(ending:)`, unmounting when cancelled.
    package func run() async throws { try await run(ending: stop) }

    /// Tells the kernel that there are new slots, and which are gone. Without it the kernel notices within `StoreRoot.validity`; a new
    /// slot can be looked up at once in any case.
    package func slotsChanged(removed: [UInt32] = []) {
        session.expire(NodeAddress.root.id, gone: removed.map { Array(String($0).utf8) })
    }

    /// Unmounts and lets `run` return; may be called at any time.
    package func stop() { session.stop() }

    /// Questions of the kernel that were dropped without an answer: each is a bug of ours.
    package var droppedRequests: Int { session.droppedRequests }

    /// Whether containers with user namespaces can stand on it; see ``Session/mapsIDs``.
    package var mapsIDs: Bool { session.mapsIDs }

    /// Ends serving and leaves the mount to the next process: readers wait for it, also those that wait already.
    package func leave() { session.leave() }
}

extension StoreMount {
    /// What the next process needs to go on with the mount.
    package struct Remains: Sendable {
        /// Of the connection to the kernel: the mount lives as long as a copy is open somewhere.
        package var descriptor: SharedDescriptor
        /// What was agreed on it; not secret, at most `longestRecord` bytes.
        package var record: [UInt8]

        package init(descriptor: SharedDescriptor, record: [UInt8]) {
            self.descriptor = descriptor
            self.record = record
        }
    }

    package static let longestRecord = Session.Record.longest

    /// nil unless mounted.
    package func remains() throws -> Remains? {
        guard let descriptor = try session.descriptor(), let record = session.record else { return nil }
        return Remains(descriptor: descriptor, record: record.bytes)
    }

    /// Goes on with the mount of an earlier process, instead of `mount`.
    /// - Returns: false if this kernel cannot put again the questions that were in flight.
    /// - Throws: if that isn't possible; `mount` then takes the old mount off and makes another.
    package func resume(_ remains: Remains) throws -> Bool {
        guard let record = Session.Record(remains.record) else {
            throw FUSEError(.session, "\(path): what the last daemon left was written by another version")
        }
        let asksAgain = try session.resume(try remains.descriptor.duplicate(), record)
        // The root's time starts anew in this process and may meet one that the kernel's copy of its listing has.
        slotsChanged()
        return asksAgain
    }

    /// How far answering the kernel has come; nil unless mounted.
    var progress: Session.Progress? { session.progress }

    /// Whether the threads that answer the kernel have come back for a question since the last call, for a watchdog.
    package func isAlive() -> Bool {
        guard let now = session.progress else { return true }
        return seen.withLock { seen in
            defer { seen = now }
            return seen.map { !now.isStuck(since: $0) } ?? true
        }
    }
}
