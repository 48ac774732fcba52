import Hashing
import LayerFormat
import OCI
import SOCI
import Testing

/// soci.md 4: the exact bytes of indexes, converted images and prefetch lists, and what is read leniently.
@Suite struct IndexTests {
    static let ztocDigest = "sha256:93893738d3789d8518658d43ccbdc00a167c75496ec9ef9796011ed44c0c5c8a"
    static let v2 = """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":\
        "application/vnd.amazon.soci.index.v2+json","digest":\
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[{"mediaType":\
        "application/octet-stream","digest":\
        "sha256:93893738d3789d8518658d43ccbdc00a167c75496ec9ef9796011ed44c0c5c8a","size":199552,"annotations":{\
        "com.amazon.soci.image-layer-digest":\
        "sha256:28dec82130e4fba77b29935892f9bb4c73f5d6954ade1e658ee1c90c6a1d459d",\
        "com.amazon.soci.image-layer-mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",\
        "com.amazon.soci.span-size":"2000"}}],"annotations":{"com.amazon.soci.build-tool-identifier":\
        "AWS SOCI CLI v0.2"}}
        """

    static let layer = Descriptor(
        mediaType: .ociLayerGzip, digest: Digest(of: Vectors.layerA), size: Int64(Vectors.layerA.count))

    static func index(_ version: IndexManifest.Version = .v2, subject: Descriptor? = nil) throws -> IndexManifest {
        let ztoc = IndexManifest.ztocDescriptor(
            digest: try Digest(ztocDigest), size: 199_552, spanSize: 2000, layer: layer)
        return IndexManifest(version: version, layers: [ztoc], subject: subject)
    }

    @Test func writesTheCanonicalIndex() throws {
        let bytes = try Self.index().encoded()
        #expect(String(decoding: bytes, as: UTF8.self) == Self.v2)
        #expect(bytes.count == 708)
        #expect(Digest(of: bytes).hex == "f25200c33b09f2f1ab93c612ff51d9fc995342264d337ac1b9b0c95ab3db1214")
        #expect(try IndexManifest(parsing: bytes) == Self.index())
    }

    @Test func v1HasASubject() throws {
        let image = Descriptor(mediaType: .ociManifest, digest: Digest(of: [1]), size: 1)
        let index = try Self.index(.v1, subject: image)
        let text = String(decoding: index.encoded(), as: UTF8.self)
        #expect(
            text.contains("],\"subject\":{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":"))
        #expect(text.contains("soci.index.v1+json"))
        #expect(try IndexManifest(parsing: index.encoded()) == index)
    }

    @Test func prefetchListOfTheSpecification() throws {
        let layer = try ZTOC(InMemoryBytes(Vectors.ztocA))
        let list = PrefetchList(files: [1024..<4024, 11776..<16776], in: layer)
        let bytes = list.encoded()
        #expect(bytes.count == 96)
        #expect(Digest(of: bytes).hex == "787618973119931ae15360a54ab46035e195d6bba3f89a7f0dcd0c218d5422ac")
        #expect(try PrefetchList(parsing: bytes) == list)
        var index = try Self.index()
        index.layers.append(
            IndexManifest.prefetchDescriptor(
                digest: Digest(of: bytes), size: Int64(bytes.count), layer: Self.layer.digest))
        #expect(index.encoded().count == 989)
        #expect(
            Digest(of: index.encoded()).hex == "bb442fade62703f048051b2a2859a750e0c67b8d1c2ee3c107b888abd1629241")
        #expect(index.ztocs(for: Self.layer.digest).count == 1)
        #expect(index.prefetchLists(for: Self.layer.digest).map(\.digest) == [Digest(of: bytes)])
        #expect(index.ztocs(for: Digest(of: [])) == [])
    }

    @Test func prefetchListsAreUnorderedAndClamped() throws {
        let text = """
            {"version": "1.0", "unknown": [1], "prefetch_spans": [{"start_span": 7, "end_span": 900, "priority": 2},
             {"start_span": 3, "end_span": 4}, {"start_span": 5, "end_span": 5}, {"start_span": 9, "end_span": 1},
             {"start_span": -1, "end_span": 2}, {"start_span": "x"}, {"start_span": 2000, "end_span": 2001}]}
            """
        let list = try PrefetchList(parsing: Array(text.utf8))
        #expect(list.ranges == [3...5, 7...900, 2000...2001])
        #expect(list.ranges(clampedTo: 10) == [3...5, 7...9])
        #expect(list.ranges(clampedTo: 0) == [])
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"version":"2.0","prefetch_spans":[]}"#, #"{"version":"1.0","prefetch_spans":3}"#,
    ])
    func refusesOtherPrefetchLists(_ text: String) {
        #expect(throws: LayerFormatError.self) { try PrefetchList(parsing: Array(text.utf8)) }
    }

    @Test func readsAnyFormOfJSON() throws {
        let text = """
            {
              "annotations": {"com.amazon.soci.build-tool-identifier": "other", "x": "y"},
              "artifactType": "application/vnd.amazon.soci.index.v1+json",
              "layers": [
                {"mediaType": "a/b", "digest": "blake3:00", "size": 1},
                {"mediaType": "application/octet-stream", "digest": "\(Self.ztocDigest)", "size": 5, "annotations":
                   {"com.amazon.soci.image-layer-digest": "\(Self.layer.digest)"}},
                17, null
              ],
              "config": {"size": 2, "mediaType": "application/vnd.amazon.soci.index.v1+json"},
              "subject": "odd"
            }
            """
        let index = try IndexManifest(parsing: Array(text.utf8))
        #expect(index.version == .v1)
        #expect(index.layers.count == 1)
        #expect(index.subject == nil)
        #expect(index.ztocs(for: Self.layer.digest).map(\.size) == [5])
    }

    @Test(arguments: [
        ("", LayerFormatError.Code.malformed), ("[1", .malformed), (#"{"layers":[]}"#, .malformed),
        (#"{"config":{"mediaType":"application/vnd.oci.image.config.v1+json"},"layers":[]}"#, .unsupported),
    ]) func refusesWhatIsNoIndex(_ text: String, _ code: LayerFormatError.Code) {
        #expect { try IndexManifest(parsing: Array(text.utf8)) } throws: { ($0 as? LayerFormatError)?.code == code }
    }

    @Test func refusesHugeIndexes() {
        let bytes = [UInt8](repeating: 0x20, count: IndexManifest.maximumSize + 1)
        #expect { try IndexManifest(parsing: bytes) } throws: { ($0 as? LayerFormatError)?.code == .tooLarge }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect { try IndexManifest(parsing: deep) } throws: { ($0 as? LayerFormatError)?.code == .malformed }
    }

    @Test func escapesAsThePeerDoes() throws {
        var index = try Self.index()
        index.annotations = ["b": "<&>\"\\\n\u{1}\u{2028}é", "a": "1"]
        let text = String(decoding: index.encoded(), as: UTF8.self)
        let expected = #""annotations":{"a":"1","b":"\u003c\u0026\u003e\"\\\n\u0001\u2028é"}}"#
        #expect(text.hasSuffix(expected))
    }

    @Test func convertsTheSpecifiedImage() throws {
        let layers = [Self.layer]
        let config = Descriptor(
            mediaType: .ociConfig,
            digest: try Digest("sha256:def07ac79f390cbc98aa581849ff8fbfa30073d217ab59d75bff2a28827a3423"), size: 163)
        let source = Manifest(config: config, layers: layers)
        let index = try Self.index().encoded()
        let manifest = ImageConversion.manifest(source, indexDigest: Digest(of: index))
        #expect(manifest.count == 523)
        #expect(Digest(of: manifest).hex == "401aadf7799138f2ecdc16bd11e312d64ce9e30ab5864ab0518f3dd455331b62")
        let platform = Platform(os: "linux", architecture: "amd64")
        let converted = ImageConversion.Converted(
            original: Digest(of: []), platform: platform, manifest: manifest, index: index)
        let outer = ImageConversion.imageIndex(nil, [converted])
        #expect(outer.count == 801)
        #expect(Digest(of: outer).hex == "1486d5b0377b03ea223d8e762b7c54b126eda2b4aabab4d036316520f52b170f")
        let parsed = try ImageIndex(parsing: outer)
        #expect(try parsed.manifest(for: platform).digest == Digest(of: manifest))
        #expect(parsed.manifests.map(Discovery.isIndex) == [false, true])
        #expect(Discovery.indexDigest(in: parsed.manifests[0].annotations) == Digest(of: index))
        // Converting again replaces the old index and the old manifest.
        let again = ImageConversion.Converted(
            original: Digest(of: manifest), platform: platform, manifest: manifest + [0x20], index: index + [0x20])
        let second = try ImageIndex(parsing: ImageConversion.imageIndex(parsed, [again]))
        #expect(second.manifests.map(\.digest) == [Digest(of: manifest + [0x20]), Digest(of: index + [0x20])])
    }

    @Test func choiceIsByCoverageThenDigest() throws {
        let layers = (0..<3).map { Digest(of: [UInt8($0)]) }
        func candidate(_ name: UInt8, covering: [Int]) -> Discovery.Candidate {
            let ztocs = covering.map { number in
                IndexManifest.ztocDescriptor(
                    digest: Digest(of: [9]), size: 1, spanSize: 1,
                    layer: Descriptor(mediaType: .ociLayerGzip, digest: layers[number], size: 1))
            }
            return Discovery.Candidate(
                digest: Digest(sha256: [name] + Array(repeating: 0, count: 31)),
                manifest: IndexManifest(version: .v1, layers: ztocs))
        }
        let all = [
            candidate(1, covering: [0]), candidate(9, covering: [0, 2]), candidate(4, covering: [1, 2]),
            candidate(0, covering: []), candidate(5, covering: [0, 0, 0, 0]),
        ]
        for order in [all, all.reversed(), Array(all[2...] + all[..<2])] {
            #expect(Discovery.choose(order, layers: layers)?.digest.bytes[0] == 4)
        }
        #expect(Discovery.choose([all[3]], layers: layers) == nil)
        #expect(Discovery.choose([], layers: layers) == nil)
    }

    @Test func fallbackTagsFitTheGrammar() {
        let short = Digest(of: Array("x".utf8))
        #expect(Discovery.fallbackTag(for: short) == "sha256-\(short.hex)")
        #expect(Discovery.fallbackTag(for: Digest(of: [], .sha512)).utf8.count == 7 + 64)
    }

    @Test(arguments: ["", "sha256:12", "latest"]) func badIndexDigestsCountAsNone(_ text: String) {
        #expect(Discovery.indexDigest(in: ["com.amazon.soci.index-digest": text]) == nil)
        #expect(Discovery.indexDigest(in: [:]) == nil)
    }
}
