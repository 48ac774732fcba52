extension Session {
    /// The first exchange between kernel and daemon, headers included. Flags are fixed by it for the life of the mount, so a later
    /// daemon that takes the descriptor over has to repeat it (measured.md part 6).
    package struct Handshake: Sendable, Equatable {
        /// The kernel's FUSE_INIT request as it came.
        package var request: [UInt8]
        /// The reply as it was sent.
        package var reply: [UInt8]

        package init(request: [UInt8], reply: [UInt8]) {
            self.request = request
            self.reply = reply
        }

        /// Whether a libfuse that answers this way takes what the kernel sends on the strength of `agreed`. Flags don't matter: the
        /// kernel keeps those it has.
        func canServe(_ agreed: Handshake) -> Bool {
            guard let mine = terms, let its = agreed.terms else { return false }
            return mine.major == its.major && mine.maxWrite >= its.maxWrite && mine.maxPages >= its.maxPages
        }

        /// Whether the kernel may clone the mount with other user ids (FUSE_ALLOW_IDMAP, Linux 6.12).
        var mapsIDs: Bool { terms.map { $0.flags2 & 1 << (40 - 32) != 0 } ?? false }

        private struct Terms {
            var major, maxWrite, maxPages, flags2: UInt32
        }

        /// Fields of struct fuse_init_out behind struct fuse_out_header (linux/fuse.h), in this machine's byte order.
        private var terms: Terms? {
            guard reply.count >= 52 else { return nil }
            func field(_ offset: Int, _ length: Int) -> UInt32 {
                let bytes = reply[16 + offset..<16 + offset + length]
                let value = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                return length == 2 ? UInt32(UInt16(littleEndian: UInt16(value))) : UInt32(littleEndian: value)
            }
            return Terms(major: field(0, 4), maxWrite: field(20, 4), maxPages: field(28, 2), flags2: field(32, 4))
        }
    }
}

extension Session.Record {
    /// Names the form, and what node ids mean: another number for another form or meaning.
    private static let heading = "imagelet fuse session 1"

    /// As text of four lines, for keeping.
    package var bytes: [UInt8] {
        let lines = [Self.heading, device, Self.hexadecimal(handshake.request), Self.hexadecimal(handshake.reply)]
        return Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// nil for what isn't such a text, or one of another version.
    package init?(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 5, lines[0] == Self.heading, lines[4].isEmpty,
            let request = Self.bytes(lines[2]), let reply = Self.bytes(lines[3])
        else { return nil }
        self.init(
            device: String(lines[1]), handshake: Session.Handshake(request: request, reply: reply))
    }

    /// Longest text that is read.
    package static let longest = 4096

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for position in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[position..<position + 2], as: UTF8.self)
            guard !pair.hasPrefix("+"), let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
