internal import FoundationEssentials
internal import Linux

/// The directories of snapshots: `<root>/<id>/fs` is what was written or unpacked, `<root>/<id>/work` belongs to overlayfs.
struct SnapshotDirectories: Sendable {
    let root: String

    func directory(_ id: Int64) -> String { "\(root)/\(id)" }

    func content(_ id: Int64) -> String { "\(root)/\(id)/fs" }

    func work(_ id: Int64) -> String { "\(root)/\(id)/work" }

    /// Makes the directories of a snapshot that has no id yet.
    /// - Parameters:
    ///   - parent: the root directory it will cover, whose owner and mode the new one takes; nil for none.
    ///   - ids: whose root owns it instead; nil: the host's.
    /// - Returns: what to `place` or to remove.
    func stage(like parent: String?, ids: IDMap?) throws(LinuxError) -> String {
        let staged = "\(root)/new-\(UUID().uuidString)"
        do {
            try Directory.create(staged)
            try Directory.create("\(staged)/work", permissions: 0o711)
            let content = "\(staged)/fs"
            try Directory.create(content)
            if let parent {
                let status = try FileStatus(parent)
                try Path.setOwner(content, uid: ids?.rootUser ?? status.uid, gid: ids?.rootGroup ?? status.gid)
                try Path.setMode(content, status.mode)
            } else {
                if let ids { try Path.setOwner(content, uid: ids.rootUser, gid: ids.rootGroup) }
                try Path.setMode(content, 0o755)
            }
            return staged
        } catch {
            // The first error tells more than one about cleaning up.
            _ = try? Directory.removeTree(staged)
            throw error
        }
    }

    /// Gives staged directories to the snapshot `id`.
    func place(_ staged: String, as id: Int64) throws(LinuxError) { try Path.rename(staged, to: directory(id)) }

    /// Takes the directory back from an id that came to nothing: unlike the ids of snapshots, those are given out again.
    func takeBack(_ staged: String, from id: Int64) throws(LinuxError) { try Path.rename(directory(id), to: staged) }

    /// Renames everything below the root that belongs to none of `known`, so that no new id finds its place taken.
    /// - Returns: what is to be deleted; under its old name what cannot be renamed, such as a mount point.
    func setAsideLeftovers(known: Set<Int64>) throws(LinuxError) -> [String] {
        let names = Set(known.map(String.init))
        return try Directory.entries(of: root).filter { !names.contains($0) }.map { name in
            let (old, aside) = ("\(root)/\(name)", "\(root)/old-\(UUID().uuidString)")
            return (try? Path.rename(old, to: aside)) == nil ? old : aside
        }
    }
}
