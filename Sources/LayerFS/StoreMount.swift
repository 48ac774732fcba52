internal import FUSE
package import Layers
package import Logging

/// The one FUSE mount of the node, below which every layer has a directory.
///
/// `mount()`, then `run()` until cancelled; no mount stays behind.
package final class StoreMount: Sendable {
    package struct Options: Sendable {
        /// Threads that answer the kernel; a question that is answered from the disk occupies one meanwhile.
        package var threads: Int
        /// The kernel's read-ahead for sequential readers in KiB; nil leaves the kernel's own.
        package var readAheadKiB: Int?

        package init(threads: Int = 8, readAheadKiB: Int? = 1024) {
            self.threads = threads
            self.readAheadKiB = readAheadKiB
        }
    }

    package let path: String
    private let fileSystem: StoreFileSystem
    private let session: Session

    /// - Parameters:
    ///   - path: an existing directory.
    ///   - backing: the directory whose file system statfs tells about.
    package init(
        _ layers: any LayerDirectory, at path: String, backing: String, options: Options = Options(), logger: Logger
    ) {
        self.path = path
        fileSystem = StoreFileSystem(layers, backing: backing, logger: logger)
        session = Session(
            fileSystem, at: path,
            options: Session.Options(threads: options.threads, readAheadKiB: options.readAheadKiB))
    }

    /// Where the root of a layer is, for a lower directory of an overlay.
    package func directory(ofSlot slot: UInt32) -> String { "\(path)/\(slot)" }

    /// Mounts; whoever looks into it waits until `run`. Takes off what a dead daemon left there.
    /// - Throws: `FUSEError`, whose text says what to do.
    package func mount() throws { try session.mount() }

    /// Serves until cancelled or unmounted.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.session.run() }
            group.addTask { await self.fileSystem.run() }
            // Without its session the file system has nobody to serve; without cancellation it doesn't end by itself.
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Tells the kernel that there are new slots, and which are gone. Without it the kernel notices within `StoreRoot.validity`; a new
    /// slot can be looked up at once in any case.
    package func slotsChanged(removed: [UInt32] = []) {
        session.expire(NodeAddress.root.id, gone: removed.map { Array(String($0).utf8) })
    }

    /// Unmounts and lets `run` return; may be called at any time.
    package func stop() { session.stop() }

    /// Questions of the kernel that were dropped without an answer: each is a bug of ours.
    package var droppedRequests: Int { session.droppedRequests }
}
