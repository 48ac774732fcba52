/// Why the state database could not do what it was asked.
package struct StateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The file is no database, not ours, or damaged.
        case corrupt
        /// A newer imagelet wrote it; nothing was touched.
        case newer
        /// The disk is full; nothing of the change was kept.
        case diskFull
        /// The file cannot be opened, read or written: rights, I/O errors, locked by another process for long.
        case unavailable
        /// The change contradicts what is recorded, or names a record that is not there.
        case conflict
        /// What was asked of a snapshot is not allowed as things stand.
        case snapshot(SnapshotRefusal)
    }

    /// The ways a change of snapshots can contradict what there is (specs/containerd.md 5).
    package enum SnapshotRefusal: Sendable, Equatable {
        case notFound
        case nameTaken
        case parentNotFound
        case parentNotCommitted
        case notActive
        case hasChildren
    }

    package var code: Code
    /// What failed, why, and what to try.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
