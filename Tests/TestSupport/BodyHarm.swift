import Foundation

/// Does a fault to one answer's head and body on their way to the client. Throws to end the connection.
struct BodyHarm {
    private let fault: Fault?
    private var passed = 0
    private var last: [UInt8] = [0]

    init(_ fault: Fault?) {
        self.fault = fault
    }

    /// The connection cannot carry another answer.
    var endsConnection: Bool {
        switch fault {
        case .wrongLength, .endless: true
        default: false
        }
    }

    func apply(to head: inout WireHead, _ framing: WireHead.Framing) {
        switch fault {
        case .wrongLength(let difference):
            if case .length(let length) = framing { head.set("Content-Length", String(length + difference)) }
        case .endless:
            head.remove("Content-Length")
            head.set("Connection", "close")
        case .contentRange(let text): head.set("Content-Range", text)
        default: break
        }
    }

    mutating func pass(_ piece: [UInt8], _ line: DelayLine, _ client: Connection) throws {
        var piece = piece
        defer { passed += piece.count }
        switch fault {
        case .corrupt(let offset) where (passed..<passed + piece.count).contains(offset):
            piece[offset - passed] ^= 0xFF
        case .truncate(let limit) where passed + piece.count >= limit:
            try line.write(Array(piece.prefix(limit - passed)))
            line.drain()
            throw Connection.Closed()
        case .reset(let limit?) where passed + piece.count >= limit:
            try line.write(Array(piece.prefix(limit - passed)))
            line.drain()
            client.reset()
            throw Connection.Closed()
        case .stall(let limit?) where passed + piece.count >= limit:
            try line.write(Array(piece.prefix(limit - passed)))
            client.waitForPeerToClose()
            throw Connection.Closed()
        case .trickle(let interval):
            for byte in piece {
                try line.write([byte])
                Thread.sleep(forTimeInterval: interval / .seconds(1))
            }
            return
        default: break
        }
        last = piece
        try line.write(piece)
    }

    func finish(_ line: DelayLine, _ client: Connection) throws {
        guard case .endless = fault else { return }
        while true { try line.write(last) }
    }
}
