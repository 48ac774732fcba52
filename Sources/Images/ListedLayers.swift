internal import FoundationEssentials
package import ImageStore
internal import LayerFormat
internal import Layers
internal import Linux
package import Logging
package import OCI
internal import State
internal import Synchronization

/// Layers given to a runtime on containers/storage: they are listed in an image store that it reads beside its own, before it pulls.
///
/// What is listed is on record (`State`); the directory only shows it. A layer stays listed as long as the runtime's own store has an image, a
/// container or a layer that stands on it: that is looked up there, since nobody tells (specs/additional-layer-store.md 13, 14).
package final class ListedLayers: LayerExchange {
    private let storage: ImageStorage
    private let directory: StoreDirectory
    private let mount: String
    private let roots: @Sendable () async throws -> [String]
    private let logger: Logger
    private let gate = PullGate()
    /// When the runtime last fetched what it was offered.
    private let ignored = Mutex<ContinuousClock.Instant?>(nil)
    private let wishes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Does nothing yet.
    /// - Parameters:
    ///   - directory: where the listing is.
    ///   - mount: where a layer's root directory is named by its slot, for as long as the layer is here.
    ///   - roots: asks the runtime for its graph roots; nothing if its store is not one that can read ours.
    package init(
        storage: ImageStorage, directory: StoreDirectory, mount: String, logger: Logger,
        roots: @escaping @Sendable () async throws -> [String]
    ) {
        self.storage = storage
        self.directory = directory
        self.mount = mount
        self.roots = roots
        self.logger = logger
    }

    /// A symlink out of the store leads past the mapping that containers/storage makes for such a pod: it would see other owners than its image has,
    /// and nobody would notice (14).
    package var servesUserNamespaces: Bool { false }

    package func obstacle(to manifest: ResolvedManifest) async throws -> String? {
        let layers = manifest.manifest.layers
        if layers.count > directory.maximumDepth {
            return "the image has \(layers.count) layers; the runtime can mount \(directory.maximumDepth) of ours"
        }
        // overlayfs refuses a directory that it is given twice.
        if manifest.distinctLayers.count < layers.count { return "a layer occurs twice in the image" }
        // Experience counts: of a runtime that fetched what it was offered everything would be fetched twice.
        if let when = ignored.withLock({ $0 }), ContinuousClock.now - when < Self.sulking {
            return "the runtime does not read the listing of layers in \(directory.path)"
        }
        return try await roots().isEmpty ? "the runtime stores images by another driver than overlay" : nil
    }

    private static let sulking = Duration.seconds(600)

    package func offer(_ image: ResolvedImage) async throws {
        let ids = Digest.storeLayerIDs(of: image.layers.map(\.diffID))
        let roots = try await roots()
        try await gate.changing(Set(image.layers.map(\.descriptor.digest))) {
            let client = try await Self.read(roots)
            // Somebody whose pulls do not pass us, such as Podman, unpacks it now, or began to.
            guard client.incomplete.isDisjoint(with: ids.map(\.hex)) else {
                throw ImageError(.inUse, "one of its layers is being unpacked by somebody else")
            }
            try storage.state.list(zip(ids, image.layers).map { (id: $0, layer: $1.descriptor.digest) }, at: Date())
            try await show()
        }
    }

    package func isTaken(_ image: ResolvedImage) async throws -> Bool {
        guard let top = Digest.storeLayerIDs(of: image.layers.map(\.diffID)).last else { return false }
        let client = try await Self.read(try await roots())
        let isTaken = client.hasTaken(image.imageID, standingOn: top)
        if !isTaken, client.layers[top.hex] != nil {
            logger.warning(
                "the runtime has fetched what it was offered; does its storage.conf name our listing? 'imagelet doctor' looks",
                metadata: ["image": "\(image.reference)", "listing.path": "\(directory.path)"])
            ignored.withLock { $0 = .now }
        }
        if !isTaken { wishes.continuation.yield() }
        return isTaken
    }

    package func passing<Answer: Sendable>(
        _ layers: Set<Digest>?, _ pull: @Sendable () async throws -> Answer
    ) async throws -> Answer {
        try await gate.pulling(layers, pull)
    }

    /// Makes the listing what is on record, whatever the last daemon left. A client that stands in the way is no reason not to start.
    package func recover() async {
        do { try await show() } catch {
            logger.error("the listing of layers is not up to date", metadata: ["error": "\(error)"])
        }
    }

    /// Takes back, now and then and when told, what the runtime does not need any more; until cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                repeat { self.wishes.continuation.yield() } while (try? await Task.sleep(for: Self.interval)) != nil
            }
            for await _ in wishes.stream { await settle() }
            group.cancelAll()
        }
    }

    /// Images removed past us are noticed so late.
    private static let interval = Duration.seconds(60)

    /// Takes back what the runtime does not need any more, forgets images it has no more, and mends the listing. What cannot be told now is
    /// left for the next time.
    package func settle() async {
        do {
            let roots = try await roots()
            guard !roots.isEmpty else { return }
            let idle = try self.idle(at: try await Self.read(roots))
            guard !idle.listed.isEmpty || !idle.images.isEmpty else { return try await show() }
            try await gate.changingIfFree(idle.layers) {
                // Again, now that no pull of these layers can come in between.
                let now = try self.idle(at: try await Self.read(roots))
                for image in now.images where idle.images.contains(image) {
                    try storage.state.forgetPulls(of: image)
                    try await storage.custody.remove(image: image)
                }
                try storage.custody.unlist(now.listed.intersection(idle.listed))
                try await show()
            }
            await storage.clearLayers()
        } catch {
            logger.debug("layers not taken back", metadata: ["error": "\(error)"])
        }
    }

    /// What a client with this store does not need.
    private func idle(
        at client: ClientStore
    ) throws -> (listed: Set<Digest>, images: Set<Digest>, layers: Set<Digest>) {
        let listed = try storage.state.listedLayers()
        let listing = listing(of: listed)
        let unused = Set(listed.map(\.id)).subtracting(client.uses(of: listing))
        let images = try storage.state.images().filter { client.images[$0.id.hex] == nil }
        let layers = Set(listed.filter { unused.contains($0.id) }.map(\.layer.digest)).union(images.flatMap(\.layers))
        return (unused, Set(images.map(\.id)), layers)
    }

    /// Brings the record before the clients' eyes.
    private func show() async throws {
        try await BlockingThread.run("imagelet-list") { [self] in
            try directory.update { listing(of: try storage.state.listedLayers()) }
        }
    }

    private func listing(of records: [ListedLayerRecord]) -> StoreListing {
        StoreListing(
            records.compactMap { record in
                guard let description = LayerDescription(record.layer) else { return nil }
                return StoreLayer(
                    id: record.id, parent: record.parent, blob: record.layer.digest, blobSize: record.layer.size,
                    diffID: record.layer.diffID, diffSize: storage.store.layer(record.layer.digest)?.tarSize ?? -1,
                    compression: description.compression == .gzip ? .gzip : .none, created: record.createdAt,
                    content: "\(mount)/\(record.layer.slot)")
            })
    }

    private static func read(_ roots: [String]) async throws -> ClientStore {
        try await BlockingThread.run("imagelet-list") { try ClientStore(reading: roots) }
    }
}
