import OCI
import Testing

@Suite struct PlatformTests {
    static let sociType: MediaType = "application/vnd.amazon.soci.index.v2+json"

    static func index(_ platforms: [Platform?], artifacts: Set<Int> = []) throws -> ImageIndex {
        ImageIndex(
            manifests: platforms.enumerated().map { position, platform in
                Descriptor(
                    mediaType: .ociManifest, digest: Digest(of: [UInt8(position)]), size: 1, platform: platform,
                    artifactType: artifacts.contains(position) ? sociType : nil)
            })
    }

    static func platform(_ architecture: String, _ variant: String? = nil, os: String = "linux") -> Platform {
        Platform(os: os, architecture: architecture, variant: variant)
    }

    static let choices: [(name: String, host: Platform, offered: [Platform?], artifacts: Set<Int>, chosen: Int?)] = [
        ("the only one", platform("amd64"), [platform("amd64")], [], 0),
        ("by architecture", platform("amd64"), [platform("arm64"), platform("amd64")], [], 1),
        ("by system", platform("amd64"), [platform("amd64", os: "windows"), platform("amd64")], [], 1),
        ("arm64 is v8", platform("arm64", "v8"), [platform("arm64")], [], 0),
        ("v8 is arm64", platform("arm64"), [platform("arm64", "v8")], [], 0),
        ("arm is v7", platform("arm"), [platform("arm", "v6"), platform("arm", "v7")], [], 1),
        ("arm takes older", platform("arm", "v7"), [platform("arm", "v5"), platform("arm", "v6")], [], 1),
        ("arm does not take newer", platform("arm", "v6"), [platform("arm", "v7")], [], nil),
        ("amd64 baseline", platform("amd64"), [platform("amd64", "v3"), platform("amd64")], [], 1),
        (
            "amd64 best", platform("amd64", "v3"),
            [platform("amd64"), platform("amd64", "v2"), platform("amd64", "v4")], [], 1
        ),
        ("amd64 exact", platform("amd64", "v3"), [platform("amd64"), platform("amd64", "v3")], [], 1),
        ("other names", platform("amd64"), [platform("x86_64")], [], 0),
        ("first of equals", platform("amd64"), [platform("amd64"), platform("amd64")], [], 0),
        ("attestation", platform("amd64"), [platform("unknown", os: "unknown"), platform("amd64")], [], 1),
        ("only attestations", platform("amd64"), [platform("unknown", os: "unknown")], [], nil),
        ("SOCI index first", platform("amd64"), [platform("amd64"), platform("amd64")], [0], 1),
        ("no platform said", platform("amd64"), [nil], [], 0),
        ("no platform is last choice", platform("amd64"), [nil, platform("amd64")], [], 1),
        ("nothing", platform("amd64"), [], [], nil),
    ]

    @Test(arguments: choices)
    func chooses(name: String, host: Platform, offered: [Platform?], artifacts: Set<Int>, chosen: Int?) throws {
        let index = try Self.index(offered, artifacts: artifacts)
        guard let chosen else {
            #expect { try index.manifest(for: host) } throws: { ($0 as? OCIError)?.code == .noMatchingPlatform }
            return
        }
        #expect(try index.manifest(for: host) == index.manifests[chosen])
    }

    @Test func saysWhatThereIs() throws {
        let index = try Self.index([Self.platform("arm64"), Self.platform("s390x")])
        #expect { try index.manifest(for: Self.platform("amd64")) } throws: {
            "\($0)" == "the image is not made for linux/amd64; it has linux/arm64, linux/s390x"
        }
    }

    @Test func knowsLevelsOfAMD64() {
        let v2: Set<String> = ["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"]
        let v3 = v2.union(["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"])
        let v4 = v3.union(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"])
        #expect(
            [[], v2, v3, v4, v4.subtracting(["bmi1"])].map { Platform.amd64Variant(flags: $0) } == [
                "v1", "v2", "v3", "v4", "v2",
            ])
    }

    @Test(arguments: [
        ("Application/JSON ; charset=x", "application/json"), ("  a/b", "a/b"), ("", ""), (";", ""),
    ])
    func dropsParameters(text: String, bare: String) { #expect(MediaType(rawValue: text).rawValue == bare) }

    @Test(arguments: [
        (MediaType.ociLayer, MediaType.Compression.none), (.ociLayerGzip, .gzip), (.ociLayerZstd, .zstd),
        (.dockerLayerGzip, .gzip), (.dockerForeignLayerGzip, .gzip), (.octetStream, .other),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", .gzip),
        ("application/vnd.docker.image.rootfs.diff.tar", .none),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", .other),
    ])
    func knowsCompression(type: MediaType, compression: MediaType.Compression) {
        #expect(type.compression == compression)
    }
}
