import OCI
import Policy
import Testing

/// One row: what is changed in the facts of a large gzip image, and what follows from it.
struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let strategy: Strategy
    let codes: [Reason.Code]
    let change: @Sendable (inout Facts) -> Void

    init(
        _ name: String, _ strategy: Strategy, _ codes: [Reason.Code],
        _ change: @escaping @Sendable (inout Facts) -> Void
    ) {
        self.name = name
        self.strategy = strategy
        self.codes = codes
        self.change = change
    }

    var testDescription: String { name }
}

@Suite("The decision table (design.md 3)")
struct DecisionTableTests {
    static let rows = [
        Row("1: artifact", .pull, [.unsupportedManifest]) { $0.manifest = .unsupported(why: "an artifact") },
        Row("1: runtime not attached", .pull, [.runtimeNotAttached]) {
            $0.attachment = .detached(why: "it is another's")
        },
        Row("2: pod asks for pull", .pull, [.requestedByPod]) { $0.podAnnotation = "pull" },
        Row("2: pod asks for prefetch", .prefetch, [.requestedByPod]) { $0.podAnnotation = "prefetch" },
        Row("2: pod asks for stream", .stream, [.requestedByPod]) {
            $0.podAnnotation = "stream"
            $0.index = makeIndex([0])
        },
        Row("3: rule", .prefetch, [.matchedRule]) { $0.reference = named("ruled.example/prefetch/a:1") },
        Row("3: first rule wins", .pull, [.matchedRule]) { $0.reference = named("ruled.example/pull/a:1") },
        Row("4: all local", .stream, [.alreadyLocal]) { $0.changeLayers { $0.isLocal = true } },
        Row("5: zstd", .pull, [.unsupportedCompression]) { $0.layers[1].compression = .zstd },
        Row("5: unknown compression", .pull, [.unsupportedCompression]) { $0.layers[0].compression = .other },
        Row("6: at the threshold", .pull, [.belowThreshold]) {
            $0.layers[0].compressedSize = 100 << 20
            $0.layers[1].compressedSize = 150 << 20
        },
        Row("6: one blob counts once", .pull, [.belowThreshold]) {
            $0.layers = [LayerFact(digest: digest(0), compressedSize: 200 << 20)]
            $0.layers.append($0.layers[0])
        },
        Row("7: index", .stream, [.indexFound]) { $0.index = makeIndex([0, 1]) },
        Row("7: this node's own tables of contents", .stream, [.indexFound]) { $0.index = makeOwnIndex([0, 1]) },
        Row("8: a layer condemns this node's own tables", .prefetch, [.noIndex, .indexPoisoned]) {
            $0.index = makeOwnIndex([0, 1])
            $0.layers[1].isPoisoned = true
        },
        Row("7: small layers need no index", .stream, [.indexFound]) {
            $0.index = makeIndex([0, 1])
            $0.layers.append(LayerFact(digest: digest(2), compressedSize: (10 << 20) - 1))
        },
        Row("7: local layers need no index", .stream, [.indexFound]) {
            $0.index = makeIndex([0])
            $0.layers[1].isLocal = true
        },
        Row("7: uncompressed layers", .stream, [.indexFound]) {
            $0.index = makeIndex([0, 1])
            $0.layers[0].compression = .none
        },
        Row("8: one byte above the threshold", .prefetch, [.noIndex]) {
            $0.layers[0].compressedSize = (100 << 20) + 1
            $0.layers[1].compressedSize = 150 << 20
        },
        Row("8: none", .prefetch, [.noIndex]) { $0.index = .none },
        Row("8: refused", .prefetch, [.noIndex, .indexRefused]) { $0.index = .refused("401 from registry.example") },
        Row("8: could not ask", .prefetch, [.noIndex, .indexUnknown]) { $0.index = .unknown("timeout") },
        Row("8: index leaves out a large layer", .prefetch, [.noIndex, .indexIncomplete]) { $0.index = makeIndex([0]) },
        Row("8: a layer of exactly smallLayer", .prefetch, [.noIndex, .indexIncomplete]) {
            $0.index = makeIndex([0, 1])
            $0.layers.append(LayerFact(digest: digest(2), compressedSize: 10 << 20))
        },
        Row("8: index of some other image", .prefetch, [.noIndex, .indexIncomplete]) {
            $0.layers = (0..<60).map { LayerFact(digest: digest($0), compressedSize: 9 << 20) }
            $0.index = makeIndex([70])
        },
        Row("8: poisoned index", .prefetch, [.noIndex, .indexPoisoned]) {
            $0.index = makeIndex([0, 1])
            $0.poisonedIndexes = [digest(1000)]
        },
        Row("8: poisoned layer", .prefetch, [.noIndex, .indexPoisoned]) {
            $0.index = makeIndex([0, 1])
            $0.layers[1].isPoisoned = true
        },
        Row("8: whole blobs only", .prefetch, [.noRanges]) {
            $0.index = makeIndex([0, 1])
            $0.ranges = .unsupported
        },
        Row("8: could not ask for a range", .prefetch, [.noRanges, .rangesUnknown]) {
            $0.index = makeIndex([0, 1])
            $0.ranges = .unknown("connection reset")
        },
        Row("8: neither", .prefetch, [.noIndex, .noRanges]) { $0.ranges = .unsupported },
    ]

    /// Which row wins when several match.
    static let order = [
        Row("1 before 2", .pull, [.unsupportedManifest, .requestNotPossible]) {
            $0.manifest = .unsupported(why: "schema 1")
            $0.podAnnotation = "stream"
        },
        Row("1 before 2, same wish", .pull, [.runtimeNotAttached]) {
            $0.attachment = .detached(why: "it is another's")
            $0.podAnnotation = "pull"
        },
        Row("1 before 3", .pull, [.runtimeNotAttached, .requestNotPossible]) {
            $0.attachment = .detached(why: "it is another's")
            $0.reference = named("ruled.example/prefetch/a:1")
        },
        Row("2 before 3", .pull, [.requestedByPod]) {
            $0.podAnnotation = "pull"
            $0.reference = named("ruled.example/prefetch/a:1")
        },
        Row("2 before 4", .pull, [.requestedByPod]) {
            $0.podAnnotation = "pull"
            $0.changeLayers { $0.isLocal = true }
        },
        Row("3 before 6", .prefetch, [.matchedRule]) {
            $0.reference = named("ruled.example/prefetch/a:1")
            $0.changeLayers { $0.compressedSize = 1 }
        },
        Row("4 before 5", .stream, [.alreadyLocal]) {
            $0.changeLayers { ($0.isLocal, $0.compression) = (true, .zstd) }
        },
        Row("5 before 6", .pull, [.unsupportedCompression]) {
            $0.changeLayers { ($0.compressedSize, $0.compression) = (1, .zstd) }
        },
        Row("6 before 7", .pull, [.belowThreshold]) {
            $0.index = makeIndex([0, 1])
            $0.changeLayers { $0.compressedSize = 1 }
        },
    ]

    static let wishes = [
        Row("stream without index", .prefetch, [.requestedByPod, .requestNotPossible, .noIndex]) {
            $0.podAnnotation = "stream"
        },
        Row("stream, index unknown", .prefetch, [.requestedByPod, .requestNotPossible, .noIndex, .indexUnknown]) {
            $0.podAnnotation = "stream"
            $0.index = .unknown("timeout")
        },
        Row("stream without ranges", .prefetch, [.requestedByPod, .requestNotPossible, .noRanges]) {
            $0.podAnnotation = "stream"
            $0.index = makeIndex([0, 1])
            $0.ranges = .unsupported
        },
        Row("stream of zstd", .pull, [.requestedByPod, .requestNotPossible, .unsupportedCompression]) {
            $0.podAnnotation = "stream"
            $0.layers[0].compression = .zstd
            $0.index = makeIndex([0, 1])
        },
        Row("stream of what is local", .stream, [.requestedByPod]) {
            $0.podAnnotation = "stream"
            $0.changeLayers { $0.isLocal = true }
        },
        Row("stream of a small image", .stream, [.requestedByPod]) {
            $0.podAnnotation = "stream"
            $0.changeLayers { $0.compressedSize = 1 << 20 }
            $0.index = makeIndex([1])
        },
        Row("prefetch of zstd", .pull, [.requestedByPod, .requestNotPossible, .unsupportedCompression]) {
            $0.podAnnotation = "prefetch"
            $0.layers[0].compression = .zstd
        },
        Row("rule that cannot be followed", .prefetch, [.matchedRule, .requestNotPossible, .noIndex]) {
            $0.reference = named("ruled.example/stream/a:1")
        },
        Row("unknown strategy", .prefetch, [.noIndex, .invalidAnnotation]) { $0.podAnnotation = "lazy" },
        Row("capital letters", .prefetch, [.noIndex, .invalidAnnotation]) { $0.podAnnotation = "Stream" },
        Row("empty annotation", .prefetch, [.noIndex, .invalidAnnotation]) { $0.podAnnotation = "" },
        Row("invalid annotation, then a rule", .pull, [.matchedRule, .invalidAnnotation]) {
            $0.podAnnotation = "fast please"
            $0.reference = named("ruled.example/pull/a:1")
        },
        Row("invalid annotation of an artifact", .pull, [.unsupportedManifest, .invalidAnnotation]) {
            $0.podAnnotation = "x"
            $0.manifest = .unsupported(why: "an artifact")
        },
    ]

    @Test("rows, their order, and wishes", arguments: rows + order + wishes)
    func row(_ row: Row) throws {
        let decision = options().decide(try makeFacts(row.change))
        #expect(decision.strategy == row.strategy)
        #expect(decision.reasons.map(\.code) == row.codes)
        #expect(decision.reasons.allSatisfy { !$0.text.isEmpty && !$0.text.hasSuffix(".") })
    }

    @Test("an empty image is local already")
    func noLayers() throws {
        let decision = PolicyOptions().decide(try makeFacts(sizes: []))
        #expect(decision.strategy == .stream)
        #expect(decision.reasons.map(\.code) == [.alreadyLocal])
        #expect(decision.layers.isEmpty)
    }

    @Test("thresholds are options")
    func thresholds() throws {
        var options = PolicyOptions()
        options.streamThreshold = 0
        options.smallLayer = 0
        let facts = try makeFacts(sizes: [5]) { $0.index = makeIndex([0]) }
        #expect(options.decide(facts).reasons.map(\.code) == [.indexFound])
    }

    private func options() -> PolicyOptions {
        var options = PolicyOptions()
        options.rules = [
            Rules.Rule(ReferencePattern("ruled.example/pull/**"), .pull),
            Rules.Rule(ReferencePattern("ruled.example/prefetch/*"), .prefetch),
            Rules.Rule(ReferencePattern("ruled.example/stream/*"), .stream),
            Rules.Rule(ReferencePattern("ruled.example/**"), .stream),
        ]
        return options
    }
}

extension Facts {
    mutating func changeLayers(_ change: (inout LayerFact) -> Void) {
        for position in layers.indices { change(&layers[position]) }
    }
}

/// A name that is known to be right.
func named(_ text: String) -> Reference {
    guard let reference = try? Reference(text) else { preconditionFailure("'\(text)' is no reference") }
    return reference
}
