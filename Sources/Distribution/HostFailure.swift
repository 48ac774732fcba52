internal import FoundationEssentials
internal import HTTP
internal import OCI

/// What went wrong at one host, with what is needed to decide how to go on.
struct HostFailure: Error {
    var error: RegistryError
    var retryAfter: Duration?
    /// The server sends whole blobs only.
    var lacksRanges = false

    init(_ error: RegistryError, retryAfter: Duration? = nil, lacksRanges: Bool = false) {
        self.error = error
        self.retryAfter = retryAfter
        self.lacksRanges = lacksRanges
    }

    /// An answer that is not the one wanted.
    /// - Parameter step: what was done, such as `reading manifest team/app:v1`.
    init(_ answer: Answer, at host: String, step: String, note: String? = nil) {
        let status = answer.head.status
        let detail = ErrorBody.summary(answer.errorBody).map { " (\($0))" } ?? ""
        let (code, advice): (RegistryError.Code, String) =
            switch status {
            case 401:
                (.unauthenticated, "credentials refused or missing; check the pull secret or docker login for \(host)")
            case 403: (.denied, "these credentials may not do this")
            case 404, 410: (.notFound, "not found")
            case 413: (.tooLarge, "too large for this registry")
            case 416: (.invalidResponse, "the content is shorter there than its descriptor says")
            case 429: (.rateLimited, "rate limit reached; log in or wait")
            case 405, 501: (.unsupported, "not supported there")
            case let status where RetryPolicy.isTransient(status):
                (.unavailable, "the registry failed; try again later")
            case 500...: (.unavailable, "the registry failed")
            case 300..<400: (.invalidResponse, "a redirect that is not followed")
            default: (.invalidResponse, "refused")
            }
        let text = "\(host): \(step): \(status) \(advice)\(detail)" + (note.map { "; \($0)" } ?? "")
        self.init(
            RegistryError(code, text, host: host, status: status), retryAfter: RetryAfter.duration(answer.head.headers))
    }

    /// No answer, or none that was complete.
    init(_ cause: HTTPError, at host: String, step: String) {
        let code: RegistryError.Code =
            switch cause.code {
            case .tls: .tls
            case .bodyTooLarge: .tooLarge
            case .invalidURL, .invalidRequest: .invalidConfiguration
            case .protocolError: .invalidResponse
            case .resolve, .connect, .timeout, .idle, .reset, .closed: .unavailable
            }
        let advice =
            cause.code == .tls ? "; give the registry's CA in hosts.toml, or the right host name" : ""
        self.init(RegistryError(code, "\(host): \(step): \(cause.message)\(advice)", host: host))
    }

    var blobError: BlobError {
        let code: BlobError.Code =
            switch error.code {
            case _ where lacksRanges: .rangesUnsupported
            case .notFound: .notFound
            case .unauthenticated, .denied: .refused
            case .invalidResponse, .tooLarge: .corrupt
            case .rateLimited, .unavailable, .tls, .invalidConfiguration, .unsupported: .unavailable
            }
        return BlobError(code, error.message)
    }
}

/// The body of an error: `{"errors":[{"code","message"}]}`, or anything else.
enum ErrorBody {
    fileprivate struct Document: Decodable {
        struct Entry: Decodable {
            var code: String?
            var message: String?
        }
        var errors: [Entry]?
    }

    /// `CODE: message` of the first error, short and without control characters; nil if the body has no such form.
    static func summary(_ body: [UInt8]) -> String? {
        guard let first = entries(body).first else { return nil }
        let text = [first.code, first.message].compactMap { $0 }.joined(separator: ": ")
        let clean = String(
            text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) })
        return clean.isEmpty ? nil : clean
    }

    static func hasCode(_ code: String, _ body: [UInt8]) -> Bool { entries(body).contains { $0.code == code } }

    /// ECR says an old token with 403 instead of 401 (registry.md 5).
    static func saysExpired(_ body: [UInt8]) -> Bool {
        entries(body).contains { ($0.message ?? "").lowercased().contains("expired") }
    }

    fileprivate static func entries(_ body: [UInt8]) -> [Document.Entry] {
        (try? JSONDecoder().decode(Document.self, from: Data(body)))?.errors ?? []
    }
}

extension ErrorBody {
    /// Whether a body is the registry's own kind of error, and not some page of a server that knows nothing of the request.
    static func isRegistryError(_ body: [UInt8]) -> Bool { !entries(body).isEmpty && !hasCode("UNSUPPORTED", body) }
}
