internal import GRPC
internal import Images
internal import Linux
internal import State

extension SnapshotStore {
    /// Bytes on the disk and inodes of a snapshot, without what it stands on.
    ///
    /// Measured each time while it is written to, once when it is committed, and remembered. Of a layer: what of it is here.
    func usage(of name: SnapshotName) async throws -> SnapshotRecord.Usage {
        let record = try snapshot(name)
        if let layer = record.layer {
            return SnapshotRecord.Usage(bytes: storage.localBytes(of: layer), inodes: 0)
        }
        // A view of something has no directory.
        if record.kind == .view, record.parent != nil { return SnapshotRecord.Usage(bytes: 0, inodes: 0) }
        if record.kind == .committed, let usage = record.usage { return usage }
        let content = directories.content(record.id)
        let measured: SnapshotRecord.Usage
        do {
            measured = try await BlockingThread.run("imagelet-usage") {
                let (bytes, inodes) = try Directory.usage(of: content)
                return SnapshotRecord.Usage(bytes: bytes, inodes: inodes)
            }
        } catch let error as LinuxError where error.errno == .noEntry {
            throw RPCFailure(.notFound, "snapshot '\(name)' was removed meanwhile")
        }
        // Asked for every ten seconds: what did not change is not written.
        if measured != record.usage { try state.setUsage(measured, snapshot: record.id) }
        return measured
    }
}
