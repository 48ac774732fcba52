internal import FoundationEssentials
internal import HTTP

/// When to try again: exponential backoff with full jitter, an attempt limit and a budget for the whole (registry.md 5).
package struct RetryPolicy: Sendable, Equatable {
    /// Upper bound of the first wait. Default 100 ms; doubles with each try.
    package var base: Duration
    /// Largest upper bound of a wait. Default 10 s.
    package var cap: Duration
    /// Tries in all without progress, the first included. Default 6.
    package var attempts: Int
    /// Time without progress after which no further try is made. Default 60 s.
    package var budget: Duration

    package init(
        base: Duration = .milliseconds(100), cap: Duration = .seconds(10), attempts: Int = 6,
        budget: Duration = .seconds(60)
    ) {
        self.base = base
        self.cap = cap
        self.attempts = attempts
        self.budget = budget
    }

    /// How long to wait before the next try, or nil to give up.
    /// - Parameters:
    ///   - tries: tries made without progress, at least 1.
    ///   - spent: time since the last progress.
    ///   - retryAfter: what the server asked for; obeyed, and if it does not fit into the budget the answer is nil.
    ///   - random: in `0..<1`.
    package func delay(tries: Int, spent: Duration, retryAfter: Duration?, random: Double) -> Duration? {
        guard tries < attempts else { return nil }
        var delay = min(base * Int(1 << min(max(tries - 1, 0), 20)), cap) * random
        if let retryAfter { delay = max(retryAfter, delay) }
        return spent + delay < budget ? delay : nil
    }

    /// Whether a status may be another one later.
    static func isTransient(_ status: Int) -> Bool {
        switch status {
        case 408, 425, 429, 500, 502, 503, 504: true
        default: false
        }
    }
}

/// Reads `Retry-After`: seconds, or a date taken relative to the answer's own `Date`, so that clocks need not agree.
enum RetryAfter {
    static func duration(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(of: "Retry-After")?.trimmed, !text.isEmpty else { return nil }
        if let seconds = Int64(text) { return .seconds(min(max(seconds, 0), 86400)) }
        guard let then = HTTPDate.seconds(text) else { return nil }
        let now =
            headers.first(of: "Date").flatMap { HTTPDate.seconds($0.trimmed) } ?? Int64(Date().timeIntervalSince1970)
        return .seconds(min(max(then - now, 0), 86400))
    }
}

/// The preferred date form of HTTP: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPDate {
    /// Seconds since 1970, or nil for any other form.
    static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])), let year = Int64(parts[3]),
            (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").map { Int64($0) ?? -1 }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else {
            return nil
        }
        // Days since 1970 by counting years from March, when the leap day comes last.
        let y = month < 2 ? year - 1 : year
        let m = Int64(month < 2 ? month + 10 : month - 2)
        let days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468
        return days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }
}

extension String {
    var trimmed: String {
        let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let tail = Array(utf8.drop(while: blank).reversed().drop(while: blank))
        return String(decoding: tail.reversed(), as: UTF8.self)
    }
}
