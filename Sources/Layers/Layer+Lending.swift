internal import LayerFormat
package import Linux
internal import Synchronization

/// A layer that is lent may be read by the kernel itself, which asks nobody whether a byte is there: what was evicted or cut off would
/// read as zeros. So nothing may be taken from its tar before `recall` has succeeded.
extension Layer {
    /// Where an image of its metadata is kept, beside its tar; it goes with the layer.
    package var metadataImagePath: String { LayerFiles.metadataImagePath(files.directory) }

    /// Bytes of its tar.
    package var tarSize: Int64 { table.contentSize }

    /// Its tar, for who has lent it.
    package var tar: File { files.tar }

    /// Lets the caller have the tar read past us, until it is taken back.
    /// - Returns: false unless all of it is here.
    package func lend() -> Bool {
        state.withLock { state in
            guard isWhole.load(ordering: .acquiring), case .open = state.condition else { return false }
            state.isLent = true
            return true
        }
    }

    /// Whether the tar may be read past us: true, too, as long as nobody has asked, since an earlier daemon may have lent it.
    package var isLent: Bool { state.withLock(\.isLent) }

    /// Ends the loan, unless somebody still has the tar open. For borrowers; all others `recall`.
    /// - Returns: whether it has ended.
    @discardableResult
    package func takeBack() -> Bool {
        state.withLock { state in
            state.isLent = files.tar.isOpenElsewhere()
            return !state.isLent
        }
    }

    /// Asks for the tar back. What is not lent under the layer's lock after this has succeeded is nobody's but ours.
    /// - Returns: false if it is still read past us.
    package func recall() -> Bool { parts.borrower?.recall(self) ?? takeBack() }

    /// Frees the bytes of a removed layer at once: readers of ours may keep the file open for long. Those who read past us keep them.
    func freeBytes() {
        // The file goes in any case, when its last reader has gone.
        if recall() { try? files.tar.truncate(to: 0) }
    }
}
