internal import Synchronization

extension Layer {
    /// The file its table of contents lies in; never changed once it is there.
    package var tableOfContentsPath: String { LayerFiles.tableOfContentsPath(files.directory) }

    /// Whether it may be mounted and read: it is not known to be wrong, and not removed.
    package var isReadable: Bool {
        state.withLock { state in
            if case .open = state.condition { true } else { false }
        }
    }
}
