import Foundation
import TestSupport

/// An image made of layers, pushed past all code under test.
struct TestImage {
    struct Layer {
        var tar: [UInt8]
        var blob: [UInt8]
        var mediaType = "application/vnd.oci.image.layer.v1.tar+gzip"

        static func gzip(_ maker: LayerMaker, _ command: [String] = ["gzip", "-n"]) throws -> Layer {
            Layer(tar: maker.finished(), blob: try maker.gzip(command))
        }

        static func plain(_ maker: LayerMaker) -> Layer {
            let tar = maker.finished()
            return Layer(tar: tar, blob: tar, mediaType: "application/vnd.oci.image.layer.v1.tar")
        }
    }

    var layers: [Layer]
    var user = ""
    var command: [String] = []

    /// - Returns: digest of the manifest.
    @discardableResult
    func push(to registry: TestRegistry, _ repository: String, tag: String = "v1") throws -> String {
        var descriptors: [[String: Any]] = []
        var diffIDs: [String] = []
        for layer in layers {
            let digest = try registry.push(blob: layer.blob, to: repository)
            descriptors.append(["mediaType": layer.mediaType, "digest": digest, "size": layer.blob.count])
            diffIDs.append(try TestRegistry.digest(of: layer.tar))
        }
        let config = try JSONSerialization.data(
            withJSONObject: [
                "architecture": "amd64", "os": "linux", "config": ["User": user, "Cmd": command],
                "rootfs": ["type": "layers", "diff_ids": diffIDs],
            ], options: .sortedKeys)
        let configDigest = try registry.push(blob: Array(config), to: repository)
        let manifest = try JSONSerialization.data(
            withJSONObject: [
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": [
                    "mediaType": "application/vnd.oci.image.config.v1+json", "digest": configDigest,
                    "size": config.count,
                ],
                "layers": descriptors,
            ], options: .sortedKeys)
        return try registry.push(
            manifest: Array(manifest), mediaType: "application/vnd.oci.image.manifest.v1+json", to: repository, tag: tag
        )
    }

    /// A layer of files that compress neither well nor badly, `size` bytes of content in all.
    static func bulk(_ size: Int, files: Int = 8, seed: UInt64 = 7, name: String = "bulk") -> LayerMaker {
        var maker = LayerMaker()
        var random = SplitMix(state: seed)
        maker.directory("\(name)/")
        for file in 0..<files {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(size / files + 16)
            while bytes.count < size / files {
                let word = random.next()
                // Half noise, half repetition: about 2 : 1 by gzip.
                for shift in stride(from: 0, to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
                }
                bytes += Array("repeated".utf8)
            }
            maker.file("\(name)/file\(file)", bytes)
        }
        return maker
    }
}
