import OCI
import Testing

@Suite struct ManifestTests {
    static let digest = "sha256:" + String(repeating: "ab", count: 32)
    static let layer = #"{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"\#(digest)","size":10}"#
    static let config = #"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(digest)","size":2}"#
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    static let indexType = "application/vnd.oci.image.index.v1+json"

    static func manifest(mediaType: String? = manifestType, extra: String = "", config: String = config) -> String {
        let type = mediaType.map { #","mediaType":"\#($0)""# } ?? ""
        return #"{"schemaVersion":2\#(type),"config":\#(config),"layers":[\#(layer)]\#(extra)}"#
    }

    @Test(arguments: [manifestType, manifestType + "; charset=utf-8", "application/json", nil])
    func readsManifest(header: String?) throws {
        let document = try ManifestDocument.parse(Array(Self.manifest().utf8), mediaType: header)
        guard case .manifest(let manifest) = document else { throw Unexpected("\(document)") }
        #expect(manifest.layers.map(\.size) == [10])
        #expect(manifest.layers[0].mediaType.compression == .gzip)
        #expect(manifest.isImage)
    }

    @Test func readsDockerSchema2AndTypelessBodies() throws {
        let docker = Self.manifest(
            mediaType: "application/vnd.docker.distribution.manifest.v2+json",
            config:
                #"{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"\#(Self.digest)","size":2}"#)
        guard case .manifest(let one) = try ManifestDocument.parse(Array(docker.utf8), mediaType: nil) else {
            throw Unexpected(docker)
        }
        #expect(one.mediaType == .dockerManifest)
        let bare = Array(Self.manifest(mediaType: nil).utf8)
        #expect(try ManifestDocument.parse(bare, mediaType: nil) == .manifest(try Manifest(parsing: bare)))
        let index = #"{"schemaVersion":2,"manifests":[]}"#
        #expect(try ManifestDocument.parse(Array(index.utf8), mediaType: nil) == .index(ImageIndex(manifests: [])))
    }

    static let unsupported: [(name: String, body: String, header: String?)] = [
        ("schema 1", #"{"schemaVersion":1,"fsLayers":[]}"#, nil),
        (
            "schema 1 by header", #"{"schemaVersion":1,"name":"a"}"#,
            "application/vnd.docker.distribution.manifest.v1+prettyjws"
        ),
        ("unknown type", #"{"schemaVersion":2,"mediaType":"application/x-other"}"#, nil),
        ("no type at all", "{}", nil),
        ("artifactType", manifest(extra: #","artifactType":"application/x-a""#), nil),
        (
            "artifact config",
            manifest(config: #"{"mediaType":"application/vnd.oci.empty.v1+json","digest":"\#(digest)","size":2}"#), nil
        ),
    ]

    @Test(arguments: unsupported) func saysWhyUnsupported(name: String, body: String, header: String?) throws {
        let document = try ManifestDocument.parse(Array(body.utf8), mediaType: header)
        guard case .unsupported(_, let why) = document else { throw Unexpected("\(document)") }
        #expect(!why.isEmpty)
    }

    static let invalid: [(name: String, body: String, header: String?)] = [
        ("not JSON", "<html>", nil),
        ("empty", "", nil),
        ("array", "[]", nil),
        ("truncated", String(manifest().dropLast(3)), nil),
        ("header disagrees", manifest(), indexType),
        ("HTML header disagrees", manifest(), "text/html"),
        ("both manifest and index", manifest(extra: #","manifests":[]"#), nil),
        ("index with layers", #"{"schemaVersion":2,"mediaType":"\#(indexType)","manifests":[],"layers":[]}"#, nil),
        ("no config", #"{"schemaVersion":2,"mediaType":"\#(manifestType)","layers":[]}"#, nil),
        ("negative size", manifest(config: #"{"mediaType":"x","digest":"\#(digest)","size":-1}"#), nil),
        ("huge size", manifest(config: #"{"mediaType":"x","digest":"\#(digest)","size":9223372036854775807}"#), nil),
        ("size beyond Int64", manifest(config: #"{"mediaType":"x","digest":"\#(digest)","size":1e30}"#), nil),
        ("size as text", manifest(config: #"{"mediaType":"x","digest":"\#(digest)","size":"1"}"#), nil),
        ("bad digest", manifest(config: #"{"mediaType":"x","digest":"sha256:xyz","size":1}"#), nil),
        ("schemaVersion 3", manifest().replacing("\"schemaVersion\":2", with: "\"schemaVersion\":3"), nil),
        ("not UTF-8", "{\"a\":\"\u{FFFD}", nil),
    ]

    @Test(arguments: invalid) func refuses(name: String, body: String, header: String?) {
        #expect { try ManifestDocument.parse(Array(body.utf8), mediaType: header) } throws: {
            ($0 as? OCIError)?.code == .invalidManifest
        }
    }

    @Test func refusesDeepDocuments() {
        let inside = #"{"schemaVersion":2,"x":"# + String(repeating: "{\"a\":", count: 200_000)
        for text in [String(repeating: "[", count: 1_000_000), inside] {
            #expect(throws: OCIError.self) { try ManifestDocument.parse(Array(text.utf8), mediaType: nil) }
            #expect(throws: OCIError.self) { try ImageConfig(parsing: Array(text.utf8)) }
        }
    }

    @Test func refusesHugeDocuments() {
        let bytes = [UInt8](repeating: 0x20, count: OCIDocument.maximumSize + 1)
        #expect { try ManifestDocument.parse(bytes, mediaType: nil) } throws: { ($0 as? OCIError)?.code == .tooLarge }
        #expect { try ImageConfig(parsing: bytes) } throws: { ($0 as? OCIError)?.code == .tooLarge }
    }

    @Test func errorsNameTheField() {
        let body = Self.manifest(config: #"{"mediaType":"x","digest":"\#(Self.digest)"}"#)
        #expect { try Manifest(parsing: Array(body.utf8)) } throws: {
            "\($0)" == "the manifest is not valid: 'size' is missing at config"
        }
    }

    static let configText = #"""
        {"architecture":"arm64","variant":"v8","os":"linux","created":"2026-01-01T00:00:00Z","config":{"User":"1000:1000",
        "Env":["PATH=/bin"],"Entrypoint":["/app"],"Cmd":null,"WorkingDir":"/w"},
        "rootfs":{"type":"layers","diff_ids":["\#(digest)"]},"history":[{"empty_layer":true}]}
        """#

    @Test func readsConfig() throws {
        let config = try ImageConfig(parsing: Array(Self.configText.utf8))
        #expect(config.platform == Platform(os: "linux", architecture: "arm64", variant: "v8"))
        #expect(config.user == "1000:1000")
        #expect(config.env == ["PATH=/bin"])
        #expect(config.entrypoint == ["/app"])
        #expect(config.cmd.isEmpty)
        #expect(config.workingDir == "/w")
        #expect(config.created == "2026-01-01T00:00:00Z")
        let manifest = try Manifest(parsing: Array(Self.manifest().utf8))
        #expect(try config.layers(of: manifest).map(\.diffID.description) == [Self.digest])
    }

    @Test(arguments: [#"{"rootfs":{}}"#, #"{"config":null,"rootfs":{"diff_ids":null}}"#])
    func refusesConfigThatDoesNotMatch(_ text: String) throws {
        let config = try ImageConfig(parsing: Array(text.utf8))
        let manifest = try Manifest(parsing: Array(Self.manifest().utf8))
        #expect { try config.layers(of: manifest) } throws: { ($0 as? OCIError)?.code == .invalidConfig }
    }

    @Test(arguments: ["{}", "[]", "", #"{"rootfs":{"diff_ids":["x"]}}"#, #"{"rootfs":{"diff_ids":[1]}}"#])
    func refusesBadConfig(_ text: String) {
        #expect { try ImageConfig(parsing: Array(text.utf8)) } throws: { ($0 as? OCIError)?.code == .invalidConfig }
    }

    @Test func encodesReproducibly() throws {
        let manifest = try Manifest(parsing: Array(Self.manifest(extra: #","annotations":{"b":"1","a":"2"}"#).utf8))
        let bytes = try OCIDocument.encode(manifest)
        #expect(try Manifest(parsing: bytes) == manifest)
        #expect(try OCIDocument.encode(manifest) == bytes)
    }
}

struct Unexpected: Error {
    let what: String
    init(_ what: String) { self.what = what }
}
