internal import Layers
internal import Linux
internal import OCI
internal import State

/// Finds what nobody on this node needs, and frees it: what every start's sweep would, and what a full disk could do without.
package struct GarbageCollection: Sendable {
    /// Something that takes space and may go.
    package struct Garbage: Sendable, Equatable {
        package enum Kind: String, Sendable {
            case layer, index, directory, segments
        }

        package var kind: Kind
        /// A digest or a path.
        package var name: String
        /// On the disk.
        package var bytes: Int64
        /// Why it may go.
        package var reason: String

        package init(_ kind: Kind, _ name: String, bytes: Int64, reason: String) {
            self.kind = kind
            self.name = name
            self.bytes = bytes
            self.reason = reason
        }
    }

    private let storage: ImageStorage
    private let mounts: ImageMounts
    private let cache: CacheWatch

    package init(storage: ImageStorage, mounts: ImageMounts, cache: CacheWatch) {
        self.storage = storage
        self.mounts = mounts
        self.cache = cache
    }

    /// - Parameter isDry: only tells what would go.
    package func run(isDry: Bool) async throws -> [Garbage] {
        var garbage = try layers()
        if !isDry { try await storage.custody.collect() }
        let known = Set(try storage.state.layers().map(\.digest))
        garbage += try await orphans(known)
        if !isDry { try await storage.store.sweep(keeping: known) }
        let indexes = try storage.indexes.unneeded(by: known)
        garbage += indexes.map {
            Garbage(.index, $0.path, bytes: $0.bytes, reason: "its layer is not here; the next pull would stream by it")
        }
        let leftovers = try mounts.leftovers()
        garbage += try leftovers.map {
            Garbage(.directory, $0, bytes: try Directory.usage(of: $0).bytes, reason: "of no mount")
        }
        if !isDry {
            for index in indexes { try Path.remove(index.path) }
            for path in leftovers { try Directory.removeTree(path) }
        }
        let cold = try await cache.excess()
        if cold.bytes > 0 {
            garbage.append(
                Garbage(
                    .segments, "\(cold.segments) segments of \(cold.layers) layers", bytes: cold.bytes,
                    reason: "beyond the budget, and not read for longest"))
            if !isDry { try await cache.look() }
        }
        return garbage
    }

    private func layers() throws -> [Garbage] {
        try storage.custody.unneeded().map { record in
            Garbage(
                .layer, record.digest.description, bytes: storage.store.layer(record.digest)?.allocatedBytes ?? 0,
                reason: "no image, mount, snapshot or listing has it")
        }
    }

    private func orphans(_ known: Set<Digest>) async throws -> [Garbage] {
        // What was forgotten a moment ago goes without us.
        let leaving = storage.custody.leavingNames
        return try await storage.store.orphans(keeping: known).filter { orphan in
            !leaving.contains { orphan.path.hasSuffix("/" + $0) }
        }.map { Garbage(.directory, $0.path, bytes: $0.bytes, reason: "of no layer") }
    }
}
