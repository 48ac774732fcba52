internal import LayerFormat

/// Which segments of a layer are here, which are on their way, who waits for what: a pure value. Events go in; what is to be started,
/// hurried or cancelled comes out.
///
/// A *want* is somebody waiting for a run of segments. A *request* is one transfer (or one check of what a restart left) for a run of
/// segments; every segment belongs to at most one, so nothing is fetched twice at a time. Segments without content are never fetched.
struct SegmentStates: Sendable {
    typealias WantID = Int
    typealias RequestID = Int

    enum State: UInt8, Sendable {
        case absent
        /// On the disk since before an unclean stop: its checksum must be compared before its first use.
        case unchecked
        case inFlight
        /// In memory only, because the disk is full.
        case held
        /// On the disk and verified.
        case present
    }

    struct Request: Sendable {
        enum Kind: Sendable, Equatable {
            case fetch
            case check
            /// Brings nothing: it takes segments away (`beginEviction`).
            case evict
        }

        let kind: Kind
        var segments: Range<Int>
        /// Set if it was asked for by somebody who does not wait; then it goes on without wants.
        var kept: TransferPriority?
        var priority: TransferPriority
        var hasBegun = false
        var isCancelled = false
        /// Bytes of the blob that came.
        var received: Int64 = 0
    }

    struct Want: Sendable {
        var segments: Range<Int>
        var priority: TransferPriority
    }

    enum Action: Sendable, Equatable {
        case start(RequestID, Request.Kind, TransferPriority)
        case prioritize(RequestID, TransferPriority)
        case cancel(RequestID)
    }

    let layer: any SegmentedLayer
    /// Set if what a restart left can only be checked as a whole.
    var checksAsWhole = false
    var states: [State]
    var owners: [Int: RequestID] = [:]
    var requests: [RequestID: Request] = [:]
    var wants: [WantID: Want] = [:]
    private var lastID = 0
    /// Segments with content, and how many of them, with how many bytes, are on the disk or held.
    private(set) var count = 0
    private(set) var presentCount = 0
    private(set) var presentBytes: Int64 = 0

    init(layer: any SegmentedLayer) {
        self.layer = layer
        states = [State](repeating: .absent, count: layer.segmentCount)
        for number in states.indices {
            if layer.segment(number).content.isEmpty { states[number] = .present } else { count += 1 }
        }
    }

    /// The segments that hold `content` (not empty, inside the layer).
    func segments(of content: Range<Int64>) -> Range<Int> {
        let first = layer.segmentNumber(containing: content.lowerBound)
        let last = layer.segmentNumber(containing: content.upperBound - 1)
        return first..<max(first, last) + 1
    }

    func isReadable(_ number: Int) -> Bool { states[number] == .present || states[number] == .held }

    func areReadable(_ segments: Range<Int>) -> Bool { segments.allSatisfy(isReadable) }

    /// Whether every segment is verified and on the disk.
    var isComplete: Bool { presentCount == count && !states.contains(.held) }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    mutating func set(_ number: Int, _ state: State) {
        let content = layer.segment(number).content
        let bytes = content.upperBound - content.lowerBound
        if bytes > 0 {
            let was = isReadable(number)
            let becomes = state == .present || state == .held
            if was != becomes {
                presentCount += becomes ? 1 : -1
                presentBytes += becomes ? bytes : -bytes
            }
            states[number] = state
        }
        if state != .inFlight { owners[number] = nil }
    }

    /// The next run of segments at or behind `cursor` that are not readable, of at most `maxBytes` compressed (but at least one).
    func missing(from cursor: Int, maxBytes: Int64) -> Range<Int>? {
        guard cursor < states.count, let first = (cursor..<states.count).first(where: { !isReadable($0) }) else {
            return nil
        }
        var end = first + 1
        let start = layer.segment(first).compressed.lowerBound
        while end < states.count, !isReadable(end), layer.segment(end).compressed.upperBound - start <= maxBytes {
            end += 1
        }
        return first..<end
    }
}
