internal import FoundationEssentials

/// A bearer token and when to replace it, on our own clock.
struct Token: Sendable, Equatable {
    var text: String
    /// Seconds the server said it lives.
    var life: Duration
    var receivedAt: Duration

    /// 75 % of the life or 30 s before its end, whichever is earlier, but not before half of a short life.
    var renewAt: Duration { receivedAt + min(life * 3 / 4, max(life - .seconds(30), life / 2)) }
}

extension Token {
    /// Parses a token server's answer (registry.md 3.2). `issued_at` is not looked at: other clocks are often wrong.
    init(parsing body: [UInt8], receivedAt: Duration, host: String) throws(RegistryError) {
        struct Answer: Decodable {
            var token: String?
            var access_token: String?
            var expires_in: Double?
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            throw RegistryError(
                .invalidResponse, "the token server \(host) answered something that is no token", host: host)
        }
        let candidates = [answer.token, answer.access_token].compactMap { $0 }.filter { !$0.isEmpty }
        // What goes into a header line must be visible ASCII, or the server could write headers of its own.
        guard let text = candidates.first, text.utf8.count <= 64 << 10, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw RegistryError(.invalidResponse, "the token server \(host) gave no usable token", host: host)
        }
        let seconds = answer.expires_in ?? 0
        // Absent means 60 s; more than a day is believed for a day.
        life = seconds >= 1 ? .milliseconds(Int64(min(seconds, 86400) * 1000)) : .seconds(60)
        self.text = text
        self.receivedAt = receivedAt
    }
}

/// What makes two token exchanges the same.
struct TokenKey: Hashable, Sendable {
    var realm: String
    var service: String?
    var scopes: [TokenScope]
    var credential: Credential?
}
