/// One demand of a `WWW-Authenticate` header (RFC 9110, 11.6.1; registry.md 3.1).
package struct Challenge: Hashable, Sendable {
    /// In lower case: `bearer`, `basic`.
    package var scheme: String
    /// By lower-case key; the first of a repeated key counts.
    package var parameters: [String: String]

    package init(scheme: String, parameters: [String: String] = [:]) {
        self.scheme = scheme
        self.parameters = parameters
    }

    /// All challenges of the headers' values, in order. Total: what cannot be read is passed over.
    package static func parse(_ values: [String]) -> [Challenge] {
        values.flatMap { value in
            var reader = ChallengeReader(bytes: Array(value.utf8.prefix(16 << 10)))
            return reader.readAll()
        }
    }

    /// The one to answer: Bearer if there is one with a realm, else Basic.
    package static func preferred(_ challenges: [Challenge]) -> Challenge? {
        challenges.first { $0.scheme == "bearer" && $0.parameters["realm"] != nil }
            ?? challenges.first { $0.scheme == "basic" }
    }
}

/// Reads the list grammar without splitting at commas first: quoted values hold commas, and a comma may also begin the next challenge.
private struct ChallengeReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func readAll() -> [Challenge] {
        var found: [Challenge] = []
        // Some servers leave the quotes off; then `scope=repository:a:pull,push` runs over a comma.
        var openScope = false
        while true {
            skip { $0 == UInt8(ascii: ",") || Self.isBlank($0) }
            guard position < bytes.count else { return found }
            let word = take { Self.isTokenByte($0) }
            guard !word.isEmpty else {
                position += 1
                continue
            }
            let afterWord = position
            skip(Self.isBlank)
            if !found.isEmpty, peek == UInt8(ascii: "=") {
                position += 1
                skip(Self.isBlank)
                let isQuoted = peek == UInt8(ascii: "\"")
                let value = isQuoted ? quoted() : take { $0 != UInt8(ascii: ",") && !Self.isBlank($0) }
                let key = word.lowercased()
                if found[found.count - 1].parameters[key] == nil { found[found.count - 1].parameters[key] = value }
                openScope = key == "scope" && !isQuoted
            } else if openScope, peek == nil || peek == UInt8(ascii: ","), let last = found.indices.last {
                found[last].parameters["scope", default: ""] += "," + word
            } else {
                found.append(Challenge(scheme: word.lowercased()))
                openScope = false
                position = afterWord
                skipToken68()
            }
        }
    }

    /// `Negotiate abc==`: a value without key, of no use to us.
    private mutating func skipToken68() {
        let start = position
        skip(Self.isBlank)
        _ = take { Self.isTokenByte($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "+") }
        let hasPadding = !take { $0 == UInt8(ascii: "=") }.isEmpty
        let end = position
        skip(Self.isBlank)
        guard peek == nil || peek == UInt8(ascii: ","), hasPadding || end > start else {
            position = start
            return
        }
    }

    /// A quoted string with backslash escapes; one that never ends goes to the end.
    private mutating func quoted() -> String {
        position += 1
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count { position += 1 }
            text.append(bytes[position])
            position += 1
        }
        position = min(position + 1, bytes.count)
        return String(decoding: text, as: UTF8.self)
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skip(_ condition: (UInt8) -> Bool) { _ = take(condition) }

    private mutating func take(_ condition: (UInt8) -> Bool) -> String {
        let start = position
        while position < bytes.count, condition(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
