internal import Linux
package import OCI
internal import Synchronization

/// Tables of contents this node made itself while it prefetched layers, kept by the layer's digest after the layer is gone.
///
/// They need no trust: each was made from bytes whose digest was checked. The directory is a cache; a file that cannot be read is
/// dropped.
package final class IndexStore: Sendable {
    private let directory: String
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
            try Path.remove(file(layer))
            try Path.link(path, to: file(layer))
            try sweep()
        }
    }

    package func has(_ layer: Digest) -> Bool {
        (try? Path.exists(file(layer))) ?? false
    }

    /// The table of contents of `layer`; nil if there is none.
    package func read(_ layer: Digest) -> [UInt8]? {
        try? Path.read(file(layer), cap: Self.largest)
    }

    package func drop(_ layer: Digest) {
        _ = try? Path.remove(file(layer))
    }

    /// The largest table of contents that is read (soci.md 9, rule 1).
    static let largest = 1 << 30

    private func file(_ layer: Digest) -> String { "\(directory)/\(layer.hex).ztoc" }

    private func sweep() throws {
        var files = try Directory.entries(of: directory).compactMap { name -> (path: String, status: FileStatus)? in
            let path = "\(directory)/\(name)"
            return (try? FileStatus(path)).map { (path, $0) }
        }
        var total = files.reduce(0) { $0 + $1.status.allocatedBytes }
        files.sort { $0.status.modifiedSeconds < $1.status.modifiedSeconds }
        for file in files where total > cap {
            try Path.remove(file.path)
            total -= file.status.allocatedBytes
        }
    }
}
