internal import FUSE
internal import Synchronization

/// Tells whether a mount answers the kernel, however often it is asked.
package final class MountPulse: Sendable {
    private struct Sample {
        var progress: Session.Progress
        var time: ContinuousClock.Instant
    }

    private let mount: StoreMount
    private let patience: Duration
    /// When the threads were last seen to get on.
    private let last = Mutex<Sample?>(nil)

    /// - Parameter patience: how long all threads may be busy with questions they have before that counts as being stuck.
    package init(_ mount: StoreMount, patience: Duration = .seconds(10)) {
        self.mount = mount
        self.patience = patience
    }

    /// Why the kernel gets no answers; nil if it does.
    package var trouble: String? {
        guard let progress = mount.progress else { return "the layer store is not mounted" }
        let now = ContinuousClock.now
        return last.withLock { last in
            guard let earlier = last, progress.isStuck(since: earlier.progress) else {
                last = Sample(progress: progress, time: now)
                return nil
            }
            guard now - earlier.time >= patience else { return nil }
            return
                "no thread of the layer store has come back for a question in \((now - earlier.time).components.seconds) s"
        }
    }
}
