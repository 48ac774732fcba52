import GRPC
import Glibc
import Linux
import Testing

/// HTTP/2 PINGs, as grpc-go sends them: one with nearly every message.
struct PingTests {
    private static let greeting = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private static func frame(_ type: UInt8, flags: UInt8 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, 0] + payload
    }

    /// The types, flags and payloads of the frames in `bytes`, and how many bytes they are.
    private static func frames(_ bytes: [UInt8]) -> (found: [(type: UInt8, flags: UInt8, payload: [UInt8])], end: Int) {
        var found: [(type: UInt8, flags: UInt8, payload: [UInt8])] = []
        var position = 0
        while bytes.count - position >= 9 {
            let length = Int(bytes[position]) << 16 | Int(bytes[position + 1]) << 8 | Int(bytes[position + 2])
            guard bytes.count - position - 9 >= length else { break }
            let payload = Array(bytes[position + 9..<position + 9 + length])
            found.append((bytes[position + 3], bytes[position + 4], payload))
            position += 9 + length
        }
        return (found, position)
    }

    @Test("Every ping is answered, however the bytes are cut", arguments: [1, 7, 17, 4096])
    func manyPings(cut: Int) async throws {
        try await withServer([]) { endpoint, _ in
            try await BlockingThread.run("pings") {
                let socket = try #require(Self.connect(endpoint.path))
                defer { close(socket) }
                let pings = (0..<1000).map { number -> [UInt8] in
                    let text: [UInt8] = [0, 0, 0, 0, 0, 0, UInt8(number >> 8), UInt8(number & 0xff)]
                    // Between them what NIO has to see: an empty SETTINGS now and then.
                    return (number.isMultiple(of: 100) ? Self.frame(4) : []) + Self.frame(6, text)
                }
                let bytes = Self.greeting + Self.frame(4) + pings.joined()
                var received: [UInt8] = []
                var answers: [[UInt8]] = []
                for start in stride(from: 0, to: bytes.count, by: cut) {
                    let part = Array(bytes[start..<min(start + cut, bytes.count)])
                    #expect(write(socket, part, part.count) == part.count)
                }
                var settings = 0
                while answers.count < 1000 || settings < 11 {
                    var buffer = [UInt8](repeating: 0, count: 65536)
                    let count = read(socket, &buffer, buffer.count)
                    guard count > 0 else { break }
                    received += buffer.prefix(count)
                    let (found, end) = Self.frames(received)
                    received.removeFirst(end)
                    #expect(!found.contains { $0.type == 7 }, "GOAWAY")
                    answers += found.filter { $0.type == 6 && $0.flags == 1 }.map(\.payload)
                    settings += found.count { $0.type == 4 && $0.flags == 1 }
                }
                #expect(answers == pings.map { Array($0.suffix(8)) })
                #expect(settings == 11)
            }
        }
    }

    private static func connect(_ path: String) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 ? descriptor : nil
    }
}
