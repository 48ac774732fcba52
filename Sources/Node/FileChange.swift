/// One file before and after.
package struct FileChange: Sendable, Equatable {
    /// On the node.
    package var path: String
    /// Nil if there was no file.
    package var before: String?
    /// Nil if there is to be none.
    package var after: String?

    package init(_ path: String, before: String?, after: String?) {
        self.path = path
        self.before = before
        self.after = after
    }

    /// As `diff -u` writes it.
    package var diff: String {
        LineDiff(before ?? "", after ?? "").unified(
            from: before == nil ? "/dev/null" : path, to: after == nil ? "/dev/null" : path)
    }
}
