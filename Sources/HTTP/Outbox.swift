/// What of a request's body waits for curl to send it. A plain value; `Exchange` locks it.
struct Outbox {
    enum Read: Equatable {
        case bytes(Int)
        /// Nothing is here yet: the transfer counts as held until more comes.
        case hold
    }

    /// Bytes that may wait here before the body's source is made to wait.
    static let capacity = 1 << 20

    /// Bytes of the whole body.
    let size: Int64
    /// Bytes curl has taken.
    private(set) var taken: Int64 = 0
    private(set) var isHeld = false
    private var pieces: [[UInt8]]
    private var offset = 0
    private var waiting: Int
    private let isRepeatable: Bool

    init(_ body: HTTPBody?) {
        switch body {
        case nil: (size, pieces, isRepeatable) = (0, [], true)
        case .bytes(let bytes): (size, pieces, isRepeatable) = (Int64(bytes.count), [bytes], true)
        case .stream(let size, _): (self.size, pieces, isRepeatable) = (size, [], false)
        }
        waiting = pieces.reduce(0) { $0 + $1.count }
    }

    var isSent: Bool { taken == size }
    var hasRoom: Bool { waiting < Self.capacity }

    /// Adds a piece; true if the transfer was held for want of it.
    mutating func put(_ piece: [UInt8]) -> Bool {
        defer { isHeld = false }
        if !piece.isEmpty { pieces.append(piece) }
        waiting += piece.count
        return isHeld
    }

    /// Moves waiting bytes into `buffer`.
    mutating func read(into buffer: inout MutableSpan<UInt8>) -> Read {
        guard let piece = pieces.first, taken < size else {
            if taken == size { return .bytes(0) }
            isHeld = true
            return .hold
        }
        let count = min(buffer.count, piece.count - offset)
        unsafe buffer.withUnsafeMutableBufferPointer { target in
            unsafe piece[offset..<offset + count].withUnsafeBufferPointer { source in
                _ = unsafe target.update(fromContentsOf: source)
            }
        }
        offset += count
        taken += Int64(count)
        if !isRepeatable {
            waiting -= count
            if offset == piece.count {
                pieces.removeFirst()
                offset = 0
            }
        }
        return .bytes(count)
    }

    /// Goes back to `position` so that curl can send the body again on another connection; false if the bytes are gone.
    mutating func seek(to position: Int64) -> Bool {
        if position == taken { return true }
        guard isRepeatable, position >= 0, position <= size else { return false }
        offset = Int(position)
        taken = position
        return true
    }
}
