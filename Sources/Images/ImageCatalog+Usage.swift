internal import Layers
internal import Linux

extension ImageCatalog {
    /// Bytes and inodes that images and what belongs to them take, and the directory they lie in: what du says, but for what is counted
    /// elsewhere. A file that cannot be looked at counts nothing.
    package func usage() async throws -> StoreUsage {
        try await BlockingThread.run("imagelet-usage") { [self] in try measuredUsage() }
    }

    /// The same, on the thread that asks; may wait for the disk.
    package func measuredUsage() throws -> StoreUsage {
        var (bytes, inodes) = storage.store.usage()
        func add(_ more: (bytes: Int64, inodes: Int64)?) {
            bytes += more?.bytes ?? 0
            inodes += more?.inodes ?? 0
        }
        // The directory itself, and that of the layers.
        add((8192, 2))
        add(try? storage.indexes.usage())
        let counted = elsewhere.union([storage.store.directory, storage.indexes.directory].map(Self.lastName))
        for name in try Directory.entries(of: directory) where !counted.contains(name) {
            let path = directory + "/" + name
            guard let status = try? FileStatus(path) else { continue }
            add(status.kind == .directory ? try? Directory.usage(of: path) : (status.allocatedBytes, 1))
        }
        return StoreUsage(mountpoint: directory, bytes: bytes, inodes: inodes)
    }

    private static func lastName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
