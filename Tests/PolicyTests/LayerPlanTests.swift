import Foundation
import OCI
import Policy
import Testing

@Suite("Plans for layers, sums and JSON")
struct LayerPlanTests {
    @Test("a streamed image prefetches its layers without table of contents")
    func mixed() throws {
        let facts = try makeFacts(sizes: [300 << 20, 1 << 20, 20 << 20, 2 << 20]) {
            $0.index = makeIndex([0])
            $0.layers[2].isLocal = true
        }
        let decision = PolicyOptions().decide(facts)
        #expect(decision.strategy == .stream)
        #expect(decision.layers.map(\.action) == [.stream, .prefetch, .stream, .prefetch])
        #expect(decision.layers.map(\.digest) == facts.layers.map(\.digest))
    }

    @Test("prefetch and pull fetch everything")
    func whole() throws {
        for wish in ["prefetch", "pull"] {
            let facts = try makeFacts {
                $0.podAnnotation = wish
                $0.index = makeIndex([0, 1])
            }
            #expect(PolicyOptions().decide(facts).layers.map(\.action) == [.prefetch, .prefetch])
        }
    }

    @Test("a large layer without table of contents is prefetched when a stream was asked for")
    func requestedStream() throws {
        let facts = try makeFacts {
            $0.podAnnotation = "stream"
            $0.index = makeIndex([1])
        }
        let decision = PolicyOptions().decide(facts)
        #expect(decision.strategy == .stream)
        #expect(decision.layers.map(\.action) == [.prefetch, .stream])
    }

    @Test("a poisoned layer in the store is not served")
    func poisoned() throws {
        let facts = try makeFacts {
            $0.changeLayers { $0.isLocal = true }
            $0.layers[0].isPoisoned = true
        }
        let decision = PolicyOptions().decide(facts)
        #expect(decision.strategy == .prefetch)
        #expect(decision.layers.map(\.action) == [.prefetch, .prefetch])
    }

    @Test(
        "compressed size",
        arguments: [
            ([], 0), ([1, 2, 3], 6), ([.max, 1], .max), ([.max, .max, .max], .max), ([-5, 7], 7), ([.min], 0),
        ] as [([Int64], Int64)])
    func sum(_ sizes: [Int64], _ total: Int64) throws {
        #expect(try makeFacts(sizes: sizes).compressedSize == total)
    }

    @Test("a decision survives JSON, with codes as text")
    func json() throws {
        let decision = PolicyOptions().decide(try makeFacts { $0.index = makeIndex([0, 1]) })
        let data = try JSONEncoder().encode(decision)
        #expect(try JSONDecoder().decode(Decision.self, from: data) == decision)
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains(#""strategy":"stream""#) && text.contains(#""code":"indexFound""#))
    }

    @Test("facts as JSON tell unknown from none, in a stable order")
    func factsJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let facts = try makeFacts(sizes: [3]) {
            $0.index = .unknown("timeout")
            $0.ranges = .unsupported
            $0.layers[0].compression = .zstd
            $0.podAnnotation = "stream"
        }
        let text = String(decoding: try encoder.encode(facts), as: UTF8.self)
        #expect(
            text == """
                {"compressedSize":3,"index":{"detail":"timeout","state":"unknown"},"layers":[{"compressedSize":3,\
                "compression":"zstd","digest":"\(digest(0))","isLocal":false,"isPoisoned":false}],\
                "manifest":{"state":"runnable"},"podAnnotation":"stream","poisonedIndexes":[],\
                "ranges":{"state":"unsupported"},"reference":"registry.example/team/app:1","runtimeIsAttached":true}
                """)
    }

    @Test("codes keep their names")
    func codes() {
        #expect(
            Reason.Code.allCases.map(\.rawValue) == [
                "unsupportedManifest", "runtimeNotAttached", "requestedByPod", "matchedRule", "alreadyLocal",
                "unsupportedCompression", "belowThreshold", "indexFound", "noIndex", "noRanges", "alreadyUnpacked",
                "degraded", "noRoom", "requestNotPossible", "invalidAnnotation", "indexRefused", "indexUnknown",
                "indexPoisoned",
                "indexIncomplete",
                "rangesUnknown",
            ])
    }

    @Test("sentences")
    func texts() throws {
        let small = PolicyOptions().decide(try makeFacts(sizes: [(81 << 20) + 734_003]))
        #expect(small.reasons.map(\.text) == ["the image has 81.6 MiB, the threshold is 250 MiB"])
        let found = PolicyOptions().decide(try makeFacts { $0.index = makeIndex([0, 1]) })
        let own = PolicyOptions().decide(try makeFacts { $0.index = makeOwnIndex([0, 1]) })
        #expect(
            (found.reasons + own.reasons).map(\.text) == [
                "SOCI index v1 \(digest(1000)) covers the layers worth streaming",
                "the index this node made covers the layers worth streaming",
            ])
        let asked = PolicyOptions().decide(try makeFacts { $0.podAnnotation = "stream" })
        #expect(
            asked.reasons.map(\.text) == [
                "the pod asks for stream by imagelet.dev/strategy",
                "stream is not possible, prefetch is done instead: nobody has an index for this image",
                "nobody has an index for this image",
            ])
        let odd = PolicyOptions().decide(try makeFacts { $0.podAnnotation = "a\n\u{1B}[31m" })
        let note = try #require(odd.reasons.last)
        #expect(note.code == .invalidAnnotation)
        #expect(note.text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
    }
}
