/// The node's files as a plan sees them: as they were before any installation of ours.
struct PlanFiles {
    let root: NodeRoot
    /// What an earlier installation left on record; its files are seen as they were before it.
    let record: InstallRecord?

    /// The original text of a file; nil if there was none.
    /// - Throws: if it was changed since the last installation.
    func text(_ path: String) throws(NodeError) -> String? {
        let now = try root.text(path)
        guard let entry = record?.file(path) else { return now }
        guard now == entry.after || now == entry.before else {
            throw NodeError(
                .foreign,
                "\(path) was changed since 'imagelet node install'; run 'imagelet node uninstall' first, or put it back"
            )
        }
        return entry.before
    }

    /// A file that is to be all ours.
    /// - Throws: if there is one already.
    func new(_ path: String, _ content: String) throws(NodeError) -> FileChange {
        guard try text(path) == nil else {
            throw NodeError(.foreign, "\(path) is there already, and was not written by 'imagelet node install'")
        }
        return FileChange(path, before: nil, after: content)
    }

    /// The files that `pattern` stands for; `*` stands for any letters of the last name.
    func matches(_ pattern: String) -> [String] {
        guard let slash = pattern.lastIndex(of: "/") else { return [] }
        let directory = String(pattern[..<slash])
        let parts = pattern[pattern.index(after: slash)...].split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else {
            return isOriginal(pattern) && root.exists(pattern) ? [pattern] : []
        }
        // One star is what anybody writes; with more, more files match than should, which only makes the plan more careful.
        let names = root.names(in: directory).filter { $0.hasPrefix(first) && $0.hasSuffix(last) }
        return names.map { "\(directory)/\($0)" }.filter(isOriginal)
    }

    /// Whether a file is not one that we made.
    private func isOriginal(_ path: String) -> Bool { record?.file(path).map { $0.before != nil } ?? true }
}
