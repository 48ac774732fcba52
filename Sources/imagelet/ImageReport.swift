internal import GRPC
internal import Report

/// One image of a status report.
struct ImageReport: Listed, Equatable {
    var id: String
    var names: [String]
    var strategy: String
    var reasons: [String]
    /// Empty if there is none.
    var refusal: String
    var layers: [LayerReport]

    init(_ image: AdminImageStatus) {
        id = image.id
        names = image.names
        strategy = image.strategy
        reasons = image.reasons
        refusal = image.refusal
        layers = image.layers.map { LayerReport($0) }
    }

    static let columns: [Table.Column] = [
        .left("IMAGE"), .left("IMAGE ID"), .left("STRATEGY"), .right("LOCAL"), .right("FETCHED"), .right("SIZE"),
        .right("WAITING"),
    ]

    /// What is wrong with the image's credentials, for people; nil if nothing is.
    var complaint: String? {
        if refusal.isEmpty { return nil }
        return "credentials refused and not to be renewed, pull it again with valid ones: \(refusal)"
    }

    /// How much of the unpacked layers is here; of the blobs, how much was fetched.
    var row: [String] {
        let present = layers.reduce(0) { $0 + $1.contentPresent }
        let content = layers.reduce(0) { $0 + $1.contentSize }
        return [
            names.first ?? "<none>", Measures.shortDigest(id), strategy, Measures.percent(present, of: content),
            Measures.bytes(layers.reduce(0) { $0 + $1.blobFetched }),
            Measures.bytes(layers.reduce(0) { $0 + $1.blobSize }),
            "\(layers.reduce(0) { $0 + $1.waitingReaders })",
        ]
    }
}

/// One layer of a status report.
struct LayerReport: Listed, Equatable {
    var digest: String
    var slot: UInt32
    var state: String
    var contentPresent: UInt64
    var contentSize: UInt64
    var blobFetched: UInt64
    var blobSize: UInt64
    var segmentsPresent: UInt64
    var segmentCount: UInt64
    var waitingReaders: UInt32

    init(_ layer: AdminLayerStatus) {
        digest = layer.digest
        slot = layer.slot
        state = layer.state.name
        contentPresent = layer.contentPresent
        contentSize = layer.contentSize
        blobFetched = layer.blobFetched
        blobSize = layer.blobSize
        segmentsPresent = layer.segmentsPresent
        segmentCount = layer.segmentCount
        waitingReaders = layer.waitingReaders
    }

    static let columns: [Table.Column] = [
        .right("SLOT"), .left("LAYER"), .left("STATE"), .right("LOCAL"), .right("SEGMENTS"), .right("FETCHED"),
        .right("SIZE"), .right("WAITING"),
    ]

    var row: [String] {
        [
            "\(slot)", Measures.shortDigest(digest), state, Measures.percent(contentPresent, of: contentSize),
            segmentCount == 0 ? "-" : "\(segmentsPresent)/\(segmentCount)", Measures.bytes(blobFetched),
            Measures.bytes(blobSize), "\(waitingReaders)",
        ]
    }
}

extension AdminLayerState {
    var name: String {
        switch self {
        case .waiting: "waiting"
        case .streaming: "streaming"
        case .prefetching: "prefetching"
        case .complete: "complete"
        case .poisoned: "poisoned"
        case .unspecified, .UNRECOGNIZED: "unknown"
        }
    }
}
