import Foundation
import TestSupport
import Testing

/// What containers read, held against what GNU tar unpacks.
extension ContainerNode {
    /// Runs a pod of the image and compares all files that a layer has in `bulk`.
    func expectRuns(_ image: String, with layer: TestImage.Layer) async throws {
        try await withPod { pod in
            let container = try await start(image, in: pod)
            try await expect(layer, in: container)
        }
    }

    /// Compares all files that a layer has in `bulk`, as a container sees them.
    func expect(_ layer: TestImage.Layer, in container: String) async throws {
        let sums = try await exec("/bin/sh", "-c", "cd /bulk && sha256sum *", in: container)
        #expect(try sums == layer.sums())
    }
}

extension TestImage.Layer {
    /// The sums of all files that the layer has in `bulk`, as coreutils print them.
    func sums() throws -> String {
        let scratch = try ScratchDirectory()
        try Tool.check(["tar", "-C", scratch.path, "-xf", "-"], input: tar)
        return try Self.sums(in: scratch.path)
    }

    /// The same of a tree that has the layer.
    static func sums(in directory: String) throws -> String {
        String(
            decoding: try Tool.check(["sh", "-c", "cd bulk && sha256sum *"], in: directory), as: UTF8.self)
    }
}
