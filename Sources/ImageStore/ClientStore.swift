internal import FoundationEssentials
internal import Linux
package import OCI

/// What a client of our listing (CRI-O, Podman) has in its own store, as far as it matters to us. Read without its locks: it replaces its files
/// whole. Ids are hex, as they stand there; not all are digests.
package struct ClientStore: Sendable, Equatable {
    /// Its own layers, those of containers included, with what they stand on (empty: nothing).
    package private(set) var layers: [String: String] = [:]
    /// Layers that are being unpacked, or whose unpacking was cut short.
    package private(set) var incomplete: Set<String> = []
    /// Its images by id, with the layers they are run from.
    package private(set) var images: [String: [String]] = [:]

    package init() {}

    /// - Parameter roots: its graph roots: two where images are kept apart from containers.
    /// - Throws: if something there cannot be read, or there is no store: that would not be one without images, but one that is elsewhere. One that
    ///   was never used is empty.
    package init(reading roots: [String]) throws {
        for root in roots {
            // Its parts are made one by one, when each is needed first.
            let parts = ["overlay", "overlay-images", "overlay-layers", "overlay-containers"]
            guard try parts.contains(where: { try Path.exists("\(root)/\($0)") }) else { throw AbsentStore(root: root) }
            for name in ["layers.json", "volatile-layers.json"] {
                for layer in try Self.records(LayerRecord.self, "\(root)/overlay-layers/\(name)") {
                    layers[layer.id] = layer.parent ?? ""
                    if layer.flags?.incomplete == true { incomplete.insert(layer.id) }
                }
            }
            for image in try Self.records(ImageRecord.self, "\(root)/overlay-images/images.json") {
                images[image.id] = [image.layer].compactMap(\.self) + (image.mappedLayers ?? [])
            }
        }
    }

    /// What of `listing` the client's images and containers stand on. Of a layer that it has itself, too, it sees its own; what stands on one of
    /// ours stands on all below that as listed.
    package func uses(of listing: StoreListing) -> Set<Digest> {
        let named = Set(layers.values).union(images.values.joined())
        return listing.stacks(of: listing.layers.lazy.map(\.id).filter { named.contains($0.hex) && !has($0.hex) })
    }

    /// Whether a layer is its own, and whole.
    private func has(_ id: String) -> Bool { layers[id] != nil && !incomplete.contains(id) }

    /// Whether the image is here and stands on a layer of ours with this id, not on one that the client unpacked itself.
    package func hasTaken(_ image: Digest, standingOn layer: Digest) -> Bool {
        images[image.hex]?.contains(layer.hex) == true && layers[layer.hex] == nil
    }

    /// Nothing at a graph root that a runtime named.
    package struct AbsentStore: Error, CustomStringConvertible {
        package let root: String
        package var description: String { "\(root), where the runtime says it stores images, has no such store" }
    }

    private static func records<Record: Decodable>(_ type: Record.Type, _ path: String) throws -> [Record] {
        guard try Path.exists(path) else { return [] }
        let bytes = try Path.read(path, cap: longestFile)
        // Go writes a list without elements as null.
        return try bytes.isEmpty ? [] : JSONDecoder().decode([Record]?.self, from: Data(bytes)) ?? []
    }

    /// A node with ten thousand layers has some five million bytes.
    private static let longestFile = 64 << 20

    private struct LayerRecord: Decodable {
        struct Flags: Decodable { var incomplete: Bool? }

        var id: String
        var parent: String?
        var flags: Flags?
    }

    private struct ImageRecord: Decodable {
        private enum CodingKeys: String, CodingKey {
            case id, layer
            case mappedLayers = "mapped-layers"
        }

        var id: String
        var layer: String?
        var mappedLayers: [String]?
    }
}
