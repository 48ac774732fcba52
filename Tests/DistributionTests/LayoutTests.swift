import Distribution
import OCI
import TestSupport
import Testing

@Suite struct LayoutTests {
    static func make(_ image: SampleImage, in scratch: ScratchDirectory, index: String? = nil) throws -> String {
        let path = try scratch.makeDirectory("layout")
        _ = try scratch.makeDirectory("layout/blobs/sha256")
        for bytes in [image.config, image.layer, image.manifest] {
            try scratch.write(bytes, to: "layout/blobs/sha256/\(Digest(of: bytes).hex)")
        }
        try scratch.write(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), to: "layout/oci-layout")
        var entry = image.manifestDescriptor
        entry.annotations = ["org.opencontainers.image.ref.name": "registry.example/app:v1"]
        let bytes = try OCIDocument.encode(ImageIndex(manifests: [entry]))
        try scratch.write(index.map { Array($0.utf8) } ?? bytes, to: "layout/index.json")
        return path
    }

    @Test func reads() async throws {
        let scratch = try ScratchDirectory()
        let image = try SampleImage()
        let layout = try OCILayout(path: try Self.make(image, in: scratch))
        for name in [nil, "v1", "registry.example/app:v1", image.digest.description] {
            #expect(try layout.resolve(name).bytes == image.manifest)
        }
        #expect(try layout.manifest(image.digest).bytes == image.manifest)
        #expect(try layout.blob(image.configDescriptor, cap: 1000) == image.config)
        let source = layout.source(image.layerDescriptor)
        #expect(try await source.bytes(10..<300_000) == Array(image.layer[10...]))
        var long = image.layerDescriptor
        long.size += 10
        #expect(blobCode(await failure { _ = try await layout.source(long).bytes(0..<300_010) }) == .corrupt)
    }

    @Test func saysWhatIsWrong() async throws {
        let scratch = try ScratchDirectory()
        let image = try SampleImage()
        #expect(throws: RegistryError.self) { try OCILayout(path: scratch.path) }
        let path = try Self.make(image, in: scratch)
        let layout = try OCILayout(path: path)
        #expect { try layout.resolve("v2") } throws: {
            "\($0)" == "\(path): no image 'v2'; it has registry.example/app:v1"
        }
        try scratch.write([1, 2, 3], to: "layout/blobs/sha256/\(image.digest.hex)")
        #expect { try layout.resolve() } throws: { code($0) == .invalidResponse }
        #expect { try layout.blob(image.layerDescriptor, cap: 10) } throws: { code($0) == .tooLarge }
        let absent = Descriptor(mediaType: .octetStream, digest: Digest(of: [9]), size: 1)
        #expect { try layout.blob(absent, cap: 10) } throws: { code($0) == .notFound }
        #expect(blobCode(await failure { _ = try await layout.source(absent).bytes(0..<1) }) == .notFound)
        try scratch.write(Array("nonsense".utf8), to: "layout/index.json")
        #expect { try OCILayout(path: path) } throws: { code($0) == .invalidResponse }
    }
}
