internal import Config
internal import Synchronization

/// The configuration that decisions are made by: asked each time, replaced when the files are read again.
///
/// What a part took from it at the daemon's start stays as it was; the keys' `isLive` says for which this is so.
final class LiveConfiguration: Sendable {
    /// What another reading of the files changed.
    struct Reading: Sendable {
        /// Followed from now on.
        var inForce: [KeyChange]
        /// Since the daemon's start.
        var needsRestart: [KeyChange]
    }

    private let initial: ImageletConfiguration
    private let current: Mutex<ImageletConfiguration>
    private let read: @Sendable () throws -> ImageletConfiguration

    init(_ configuration: ImageletConfiguration, read: @escaping @Sendable () throws -> ImageletConfiguration) {
        initial = configuration
        current = Mutex(configuration)
        self.read = read
    }

    var value: ImageletConfiguration { current.withLock { $0 } }

    /// - Throws: what is wrong with the files; then nothing changes.
    func readAgain() throws -> Reading {
        let new = try read()
        let old = current.withLock { current in
            defer { current = new }
            return current
        }
        return Reading(
            inForce: new.changes(since: old).filter(\.isLive),
            needsRestart: new.changes(since: initial).filter { !$0.isLive })
    }
}
