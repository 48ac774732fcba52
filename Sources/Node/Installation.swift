internal import Linux

/// Carries plans out and takes them back. All of it or nothing: a write that fails undoes those before it.
package struct Installation: Sendable {
    private let root: NodeRoot

    package init(in root: NodeRoot) { self.root = root }

    /// Writes what `plan` changes, having kept on record what was there. What is there already is not written again.
    /// - Parameter record: of an earlier installation, which `plan` was made with; what only that one changed is put back.
    /// - Returns: the files that were written.
    @discardableResult
    package func install(_ plan: InstallPlan, over record: InstallRecord? = nil) throws(NodeError) -> [FileChange] {
        var next = InstallRecord(of: plan, directories: record?.directories ?? [])
        var pending: [FileChange] = []
        for change in plan.changes {
            let now = try root.text(change.path)
            if now != change.after { pending.append(FileChange(change.path, before: now, after: change.after)) }
            next.directories += try missingDirectories(above: change.path).filter { !next.directories.contains($0) }
            let mode = try mode(of: change.path)
            next.files.append(
                .init(
                    path: change.path, before: change.before, after: change.after ?? "",
                    mode: record?.file(change.path)?.mode ?? mode))
        }
        for file in record?.files ?? [] where next.file(file.path) == nil {
            if let change = try restoration(of: file) { pending.append(change) }
        }
        guard !pending.isEmpty else { return [] }
        // First the record: what is written afterwards can be taken back whatever happens.
        try next.save(to: root)
        do {
            for change in pending { try put(change, mode: (next.file(change.path) ?? record?.file(change.path))?.mode) }
        } catch {
            for change in pending.reversed() {
                let back = FileChange(change.path, before: change.after, after: change.before)
                _ = try? put(back, mode: next.file(change.path)?.mode)
            }
            if let record {
                try record.save(to: root)
            } else {
                removeDirectories(next.directories)
                try InstallRecord.remove(from: root)
            }
            throw error
        }
        return pending
    }

    /// What taking `record` back would change.
    /// - Throws: if a file was changed since in a way that cannot be told from ours.
    package func restorations(of record: InstallRecord) throws(NodeError) -> [FileChange] {
        var result: [FileChange] = []
        for file in record.files.reversed() {
            if let change = try restoration(of: file) { result.append(change) }
        }
        return result
    }

    /// Puts everything back as it was, byte for byte; changes that others made around our marked lines stay.
    /// - Returns: what was put back.
    @discardableResult
    package func uninstall(_ record: InstallRecord) throws(NodeError) -> [FileChange] {
        let changes = try restorations(of: record)
        for change in changes { try put(change, mode: record.file(change.path)?.mode) }
        removeDirectories(record.directories)
        try InstallRecord.remove(from: root)
        return changes
    }

    private func restoration(of file: InstallRecord.File) throws(NodeError) -> FileChange? {
        let now = try root.text(file.path)
        if now == file.before { return nil }
        if now == file.after { return FileChange(file.path, before: now, after: file.before) }
        // A file that was there before and was edited since: our lines can be told apart, if they are still as we wrote them.
        if file.before != nil, let now, hasOurBlocks(now, as: file.after), let text = MarkedBlock.removeAll(from: now) {
            return FileChange(file.path, before: now, after: text)
        }
        throw NodeError(
            .foreign,
            "\(file.path) was changed since 'imagelet node install'; take the changes out or delete the file, then try again"
        )
    }

    private func hasOurBlocks(_ text: String, as installed: String) -> Bool {
        MarkedBlock.contents(of: text) == MarkedBlock.contents(of: installed)
    }

    private func put(_ change: FileChange, mode: UInt32?) throws(NodeError) {
        if let text = change.after { return try write(change.path, text, mode ?? 0o644) }
        do {
            try Path.remove(root.path(change.path))
        } catch {
            throw NodeError(.inaccessible, "\(error)")
        }
    }

    private func write(_ path: String, _ text: String, _ mode: UInt32) throws(NodeError) {
        let place = root.path(path)
        do {
            if !root.isThisMachine { try checkItStaysInside(place) }
            try Directory.create(Path.parent(of: place), permissions: 0o755)
            try Path.replace(place, with: [Array(text.utf8)], permissions: mode)
            try Path.setMode(place, mode)
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(.inaccessible, "\(error)")
        }
    }

    /// A link out of a mounted root would lead into this machine.
    private func checkItStaysInside(_ place: String) throws {
        var above = Path.parent(of: place)
        while try !Path.exists(above) { above = Path.parent(of: above) }
        let (whole, directory) = (try Path.resolved(root.path("")), try Path.resolved(above))
        guard directory == whole || directory.hasPrefix(whole + "/") else {
            throw NodeError(.foreign, "\(place) leads out of the root that is to be set up, by a symbolic link")
        }
    }

    /// Permissions of a file, or of one that is made.
    private func mode(of path: String) throws(NodeError) -> UInt32 {
        guard root.exists(path) else { return 0o644 }
        do {
            return try FileStatus(root.path(path)).mode
        } catch {
            throw NodeError(.inaccessible, "\(error)")
        }
    }

    /// Directories that have to be made for a file, outermost first.
    private func missingDirectories(above path: String) throws(NodeError) -> [String] {
        var missing: [String] = []
        var directory = Path.parent(of: path)
        while directory != "/", directory != ".", !root.exists(directory) {
            missing.insert(directory, at: 0)
            directory = Path.parent(of: directory)
        }
        return missing
    }

    /// Those that somebody uses by now stay.
    private func removeDirectories(_ directories: [String]) {
        for directory in directories.reversed() { _ = try? Directory.remove(root.path(directory)) }
    }
}
