internal import Linux
package import OCI
internal import Synchronization

extension LayerStore {
    /// A directory that belongs to no layer: a leftover of a stop in between.
    package struct Orphan: Sendable, Equatable {
        package var path: String
        /// On the disk.
        package var bytes: Int64
    }

    /// What lies below `directory` and belongs neither to `keeping` nor to a layer the store knows.
    package func orphans(keeping: Set<Digest>) async throws -> [Orphan] {
        try await BlockingThread.run("imagelet-sweep") { [self] in
            // Listed first: what is begun behind the listing is not in it.
            try orphanNames(keeping).map { name in
                let path = directory + "/" + name
                let isDirectory = (try? FileStatus(path).kind) == .directory
                let bytes = isDirectory ? try Directory.usage(of: path).bytes : 0
                return Orphan(path: path, bytes: bytes)
            }
        }
    }

    /// Removes all of `orphans(keeping:)`.
    package func sweep(keeping: Set<Digest>) async throws {
        try await BlockingThread.run("imagelet-sweep") { [self] in
            for name in try orphanNames(keeping) {
                let aside = directory + "/" + Self.asidePrefix + name
                if !name.hasPrefix(Self.asidePrefix) {
                    try Directory.removeTree(aside)
                    // Renamed while no layer can be begun: the same digest may come back at any time.
                    let isGone = try state.withLock { state in
                        if Self.names(of: state, keeping).contains(name) { return false }
                        do throws(LinuxError) {
                            try Path.rename(directory + "/" + name, to: aside)
                        } catch let error where error.errno == .noEntry {
                            // Whoever removed the layer has just come to it.
                            return false
                        }
                        return true
                    }
                    guard isGone else { continue }
                    try Directory.removeTree(aside)
                } else {
                    try Directory.removeTree(directory + "/" + name)
                }
            }
        }
    }

    private static let asidePrefix = "gone-"

    private func orphanNames(_ keeping: Set<Digest>) throws -> [String] {
        guard try Path.exists(directory) else { return [] }
        let entries = try Directory.entries(of: directory)
        let known = state.withLock { Self.names(of: $0, keeping) }
        return entries.filter { !known.contains($0) }
    }

    private static func names(of state: State, _ keeping: Set<Digest>) -> Set<String> {
        Set(Set(state.layers.keys).union(state.flights.keys).union(keeping).map(\.hex))
    }
}
