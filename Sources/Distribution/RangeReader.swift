internal import HTTP
internal import OCI

/// Judges the answer to a ranged request and cuts its body to what was asked (registry.md 4.3): a pure value.
struct RangeReader {
    /// What was asked for, inside `0..<size`.
    let wanted: Range<Int64>
    let size: Int64
    /// Whether a whole body may be read from its beginning and the bytes before `wanted` dropped.
    let mayDropBeginning: Bool
    let host: String

    /// Offset in the blob of the next byte of the body.
    private(set) var position: Int64 = 0
    /// End of the body, exclusive.
    private(set) var end: Int64 = 0
    private(set) var isWhole = false

    init(wanted: Range<Int64>, size: Int64, mayDropBeginning: Bool, host: String) {
        self.wanted = wanted
        self.size = size
        self.mayDropBeginning = mayDropBeginning
        self.host = host
    }

    /// Looks at the head. True if the body is to be read; false if the answer is an error or a redirect.
    /// - Throws: `HostFailure` if the answer is not one to this question.
    mutating func accept(_ head: HTTPResponseHead) throws -> Bool {
        switch head.status {
        case 206:
            guard let range = head.headers.first(of: "Content-Range").flatMap({ ContentRange($0) }) else {
                throw wrong("a partial answer without a readable Content-Range")
            }
            guard range.total == nil || range.total == size else {
                throw wrong("a blob of \(range.total ?? 0) bytes instead of \(size)")
            }
            guard range.range.lowerBound == wanted.lowerBound, range.range.upperBound <= wanted.upperBound else {
                throw wrong("another range than asked for")
            }
            if let length = head.contentLength, length != Int64(range.range.count) {
                throw wrong("a length that differs from its Content-Range")
            }
            position = range.range.lowerBound
            end = range.range.upperBound
            return true
        case 200:
            if let length = head.contentLength, length != size {
                throw wrong("a blob of \(length) bytes instead of \(size)")
            }
            isWhole = true
            // Not even one span may cost a whole layer: the transfer ends here.
            guard wanted.lowerBound == 0 || mayDropBeginning else { throw Self.noRanges(host) }
            position = 0
            end = size
            return true
        default: return false
        }
    }

    static func noRanges(_ host: String) -> HostFailure {
        HostFailure(
            RegistryError(.unsupported, "\(host): serves whole blobs only, no ranges", host: host), lacksRanges: true)
    }

    /// The part of a piece of the body that was asked for.
    /// - Throws: `HostFailure` if the body is longer than the head said.
    mutating func take(_ piece: [UInt8]) throws -> ArraySlice<UInt8> {
        let count = Int64(piece.count)
        guard count <= end - position else { throw wrong("more bytes than announced") }
        let lower = min(max(wanted.lowerBound - position, 0), count)
        let upper = min(max(wanted.upperBound - position, 0), count)
        position += count
        return piece[Int(lower)..<Int(max(upper, lower))]
    }

    /// Whether everything asked for has come, though the body may go on.
    var isSatisfied: Bool { position >= wanted.upperBound }

    private func wrong(_ what: String) -> HostFailure {
        HostFailure(RegistryError(.invalidResponse, "\(host): reading a blob: the answer is \(what)", host: host))
    }
}

/// How long a signed URL says it lives.
enum SignedURL {
    /// 80 % of the stated life, or nil if the query states none we know (registry.md 4.2).
    static func life(query: String?) -> Duration? {
        for item in (query ?? "").split(separator: "&" as Character) {
            let parts = item.split(separator: "=" as Character, maxSplits: 1)
            guard parts.count == 2, ["x-amz-expires", "x-goog-expires"].contains(parts[0].lowercased()),
                let seconds = Int64(parts[1]), seconds > 0
            else { continue }
            return .seconds(min(seconds, 7 * 86400)) * 4 / 5
        }
        return nil
    }
}
