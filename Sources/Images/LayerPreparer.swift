internal import Distribution
internal import LayerFormat
internal import Layers
internal import Logging
internal import OCI
internal import Policy
internal import SOCI
internal import State

/// Makes the layers of one image usable as a decision says, several at a time; each layer falls back alone.
struct LayerPreparer: Sendable {
    let storage: ImageStorage
    let registry: RegistryClient
    let logger: Logger

    /// Layers worked on at once: enough to hide round trips of small tables, few enough to bound what whole layers need in memory.
    private static let width = 6

    func prepare(
        _ image: ResolvedImage, _ findings: FactFinder.Findings, _ records: [Digest: LayerRecord],
        _ origin: any ImageOrigin
    ) async throws {
        try await makeRoom(for: image, findings.decision)
        let actions = Dictionary(findings.decision.layers.map { ($0.digest, $0.action) }) { first, _ in first }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (started, layer) in image.distinctLayers.enumerated() {
                guard let record = records[layer.descriptor.digest] else { continue }
                if started >= Self.width { try await group.next() }
                let action = actions[layer.descriptor.digest] ?? .prefetch
                let table = findings.tables[layer.descriptor.digest]
                group.addTask {
                    try await prepare(layer, action, table, record, origin, in: image.reference)
                }
            }
            try await group.waitForAll()
        }
    }

    private func prepare(
        _ layer: ResolvedImage.Layer, _ action: Decision.LayerPlan.Action, _ table: TableOrigin?, _ record: LayerRecord,
        _ origin: any ImageOrigin, in reference: Reference
    ) async throws {
        let digest = layer.descriptor.digest
        let source = LayerSource(
            layer.descriptor, places: LayerPlaces(storage: storage, registry: registry),
            pulled: origin.source(layer.descriptor, in: reference))
        guard let description = LayerDescription(record) else {
            throw ImageError(
                .failed, "layer \(digest) is recorded with the unknown compression '\(record.compression)'")
        }
        // What proved wrong is made anew, whole.
        let action = record.poisoned == nil ? action : .prefetch
        if let present = storage.store.layer(digest), present.isReadable,
            action == .stream || present.progress.state == .complete
        {
            // Its source finds what this pull brings once it has ended well; until then it may be somebody's mistake.
            return
        }
        if action == .stream, let table {
            for offer in offers(of: table, layer, origin, in: reference) {
                do {
                    return try await offer { path in
                        _ = try await storage.store.prepare(description, tableOfContentsAt: path, source: source)
                    }
                } catch let error where Self.isAboutTheTable(error) {
                    logger.warning(
                        "table of contents refused", metadata: ["layer.digest": "\(digest)", "error": "\(error)"])
                    storage.indexes.drop(digest)
                }
            }
        }
        let complete = try await storage.store.prefetch(description, source: source)
        try storage.state.markComplete(digest)
        try storage.keepTable(of: complete)
    }

    private typealias TableUse = (_ path: String) async throws -> Void

    /// The ways to a file with the table of contents, to be tried in order.
    private func offers(
        of table: TableOrigin, _ layer: ResolvedImage.Layer, _ origin: any ImageOrigin, in reference: Reference
    ) -> [(TableUse) async throws -> Void] {
        switch table {
        case .blobs(let descriptors):
            descriptors.map { descriptor in
                { use in
                    try await storage.indexes.receiving(
                        { try await origin.save(descriptor, in: reference, cap: Int64(IndexStore.largest), at: $0) },
                        use)
                }
            }
        case .own: [{ use in try await use(storage.indexes.path(of: layer.descriptor.digest)) }]
        }
    }

    /// Whether a failure is the table's fault, so that the layer can still be had whole.
    private static func isAboutTheTable(_ error: any Error) -> Bool {
        switch error {
        case is LayerFormatError, is OCIError: true
        case let error as LayerError: error.code == .unusableTableOfContents
        case let error as RegistryError:
            error.code == .notFound || error.code == .invalidResponse || error.code == .tooLarge
        default: false
        }
    }
}

extension ImageStorage {
    /// Keeps the table of contents that fell out of a complete layer, for the next image with it.
    func keepTable(of layer: Layer) throws {
        try indexes.keep(layer.tableOfContentsPath, of: layer.description.blob)
    }
}
