import Foundation
import OCI
import State

/// Runs `body` with a directory of its own that is gone afterwards.
func withDirectory(_ body: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "imagelet-state-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

/// Runs `body` with a new database.
func withDatabase(_ body: (StateDatabase) throws -> Void) throws {
    try withDirectory { directory in
        let database = try StateDatabase(path: directory + "/state.db")
        defer { try? database.close() }
        try body(database)
    }
}

func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

func makeLayer(_ name: String, source: String = "docker.io/library/app") -> NewLayer {
    NewLayer(
        digest: digest(name), size: 1000, diffID: digest("diff of " + name), compression: "gzip", source: source)
}

/// An image with one name; its layers are those that `makeLayer` makes of the names given.
func makeImage(
    _ name: String, tags: [String] = ["docker.io/library/app:1"], digests: [String] = [], layers: [String] = ["base"],
    user: ImageUser? = nil, pulledAt: TimeInterval = 1_000_000
) -> ImageRecord {
    ImageRecord(
        id: digest(name), references: tags.sorted(), digests: digests.sorted(), manifestDigest: digest("m " + name),
        mediaType: "application/vnd.oci.image.manifest.v1+json", manifest: Array("manifest of \(name)".utf8),
        config: Array("config of \(name)".utf8), size: 12_345, user: user, strategy: "stream",
        reasons: #"[{"code":"indexFound"}]"#, layers: layers.map { digest($0) },
        createdAt: Date(timeIntervalSince1970: pulledAt), lastPulledAt: Date(timeIntervalSince1970: pulledAt))
}

extension StateDatabase {
    /// Allocates the layers and saves the image, as a pull does.
    @discardableResult
    func pull(_ image: ImageRecord, layers: [String]) throws -> ImageRecord {
        _ = try allocate(layers.map { makeLayer($0) })
        return try save(image)
    }

    @discardableResult
    func pull(
        _ name: String, tags: [String] = ["docker.io/library/app:1"], digests: [String] = [],
        layers: [String] = ["base"], pulledAt: TimeInterval = 1_000_000
    ) throws -> ImageRecord {
        let image = makeImage(name, tags: tags, digests: digests, layers: layers, pulledAt: pulledAt)
        return try pull(image, layers: layers)
    }
}
