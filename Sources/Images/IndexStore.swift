internal import FoundationEssentials
internal import Linux
package import OCI
internal import Synchronization

/// Tables of contents this node made itself while it prefetched layers, kept by the layer's digest after the layer is gone.
///
/// They need no trust: each was made from bytes whose digest was checked. The directory is a cache; a file that cannot be read is
/// dropped.
package final class IndexStore: Sendable {
    let directory: String
    private let cap: Int64
    /// Held while files come and go; readers need nothing, since a file is whole or not there.
    private let changing = Mutex(())

    /// - Parameter cap: bytes of all files together; beyond it the oldest go.
    package init(directory: String, cap: Int64 = 2 << 30) {
        self.directory = directory
        self.cap = cap
    }

    /// Keeps the file at `path` (a finished table of contents of `layer`) under a second name.
    package func keep(_ path: String, of layer: Digest) throws {
        // Two pulls may keep the same layer's table at once.
        try changing.withLock { _ in
            try Directory.create(directory)
            try Path.remove(self.path(of: layer))
            try Path.link(path, to: self.path(of: layer))
            try sweep()
        }
    }

    package func has(_ layer: Digest) -> Bool {
        (try? Path.exists(path(of: layer))) ?? false
    }

    /// The file with the table of contents of `layer`; it may be gone when it is opened.
    package func path(of layer: Digest) -> String { "\(directory)/\(layer.hex).ztoc" }

    /// Lets `body` have a table of contents of other makers in a file, which `save` writes and which goes afterwards.
    func receiving<Result>(
        _ save: (String) async throws -> Void, _ body: (String) async throws -> Result
    ) async throws -> Result {
        try Directory.create(directory)
        let path = "\(directory)/\(UUID().uuidString).new"
        defer { _ = try? Path.remove(path) }
        try await save(path)
        return try await body(path)
    }

    package func drop(_ layer: Digest) {
        _ = try? Path.remove(path(of: layer))
    }

    /// Bytes on the disk and inodes. Files that a layer here has under its own name, too, are counted there.
    func usage() throws -> (bytes: Int64, inodes: Int64) {
        let own = try statuses().map(\.status).filter { $0.linkCount < 2 }
        return (own.reduce(4096) { $0 + $1.allocatedBytes }, Int64(own.count) + 1)
    }

    /// Files that are of none of `layers`: the next pull of theirs would stream at once, that is all they are for.
    func unneeded(by layers: Set<Digest>) throws -> [(path: String, bytes: Int64)] {
        let names = Set(layers.map { "\($0.hex).ztoc" })
        return try statuses().filter { !names.contains($0.name) }.map {
            ("\(directory)/\($0.name)", $0.status.allocatedBytes)
        }
    }

    /// Removes what is no table of contents.
    func recover() throws {
        guard try Path.exists(directory) else { return }
        for name in try Directory.entries(of: directory) where !Self.isName(name) {
            try Directory.removeTree("\(directory)/\(name)")
        }
    }

    private static func isName(_ name: String) -> Bool {
        let hex = name.utf8.dropLast(".ztoc".utf8.count)
        return name.hasSuffix(".ztoc") && [64, 128].contains(hex.count)
            && hex.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private func statuses() throws -> [(name: String, status: FileStatus)] {
        guard try Path.exists(directory) else { return [] }
        return try Directory.entries(of: directory).filter(Self.isName).compactMap { name in
            (try? FileStatus("\(directory)/\(name)")).map { (name, $0) }
        }
    }

    /// The largest table of contents that is read (soci.md 9, rule 1).
    static let largest = 1 << 30

    private func sweep() throws {
        var files = try statuses()
        var total = files.reduce(0) { $0 + $1.status.allocatedBytes }
        files.sort { $0.status.modifiedSeconds < $1.status.modifiedSeconds }
        for file in files where total > cap {
            try Path.remove("\(directory)/\(file.name)")
            total -= file.status.allocatedBytes
        }
    }
}
