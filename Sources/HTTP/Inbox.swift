/// What of an answer waits for the task to take it: head, then pieces of body, then the end. A plain value; `Exchange` locks it.
struct Inbox {
    enum Event {
        case head(HTTPResponseHead)
        case body([UInt8])
        case end
    }

    /// What `take` found.
    enum Taken {
        case event(Event, resumeTransfer: Bool)
        case failure(any Error)
        case nothing
    }

    /// Bytes that may wait here; the last piece put in may go over it by curl's buffer.
    static let capacity = 1 << 20
    /// A held transfer goes on when no more than this waits.
    static let lowWater = capacity / 2
    /// Pieces grow to this size before the next one is begun.
    static let pieceSize = 256 << 10

    private var head: HTTPResponseHead?
    private var pieces: [[UInt8]] = []
    private var waiting = 0
    private var outcome: Result<Void, any Error>?
    private(set) var isHeld = false

    mutating func put(head: HTTPResponseHead) {
        self.head = head
    }

    /// Takes in bytes of the body, or refuses them all because enough is waiting: then the transfer counts as held.
    mutating func put(_ bytes: borrowing Span<UInt8>) -> Bool {
        if outcome != nil { return true }
        guard waiting < Self.capacity else {
            isHeld = true
            return false
        }
        if pieces.last.map({ $0.count + bytes.count > Self.pieceSize }) ?? true {
            pieces.append([])
        }
        let last = pieces.count - 1
        unsafe bytes.withUnsafeBufferPointer { unsafe pieces[last].append(contentsOf: $0) }
        waiting += bytes.count
        return true
    }

    /// The transfer is over; what waits is still given out. The first outcome counts.
    mutating func finish(_ result: Result<Void, any Error>) {
        if outcome == nil { outcome = result }
    }

    /// Nobody wants the answer any more.
    mutating func abandon(_ error: any Error) {
        head = nil
        pieces = []
        waiting = 0
        outcome = .failure(error)
    }

    mutating func take() -> Taken {
        if let head {
            self.head = nil
            return .event(.head(head), resumeTransfer: false)
        }
        if !pieces.isEmpty {
            let piece = pieces.removeFirst()
            waiting -= piece.count
            let resume = isHeld && waiting <= Self.lowWater
            if resume { isHeld = false }
            return .event(.body(piece), resumeTransfer: resume)
        }
        switch outcome {
        case .success: return .event(.end, resumeTransfer: false)
        case .failure(let error): return .failure(error)
        case nil: return .nothing
        }
    }

    var isOver: Bool { outcome != nil }
}
