import Foundation
import Synchronization

/// The signed URLs a `FaultyProxy` has given out and how object storage answers under them.
package final class ObjectStorage: Sendable {
    /// How an expired or wrong signature is answered (registry.md 4.2).
    package enum Refusal: Sendable {
        /// S3: 403 AccessDenied.
        case forbidden
        /// S3, GCS: 400 ExpiredToken.
        case expiredToken
        /// Azure: 403 AuthenticationFailed.
        case azure

        var status: Int { self == .expiredToken ? 400 : 403 }

        var body: String {
            let (code, message) =
                switch self {
                case .forbidden: ("AccessDenied", "Request has expired")
                case .expiredToken: ("ExpiredToken", "The provided token has expired.")
                case .azure: ("AuthenticationFailed", "Signed expiry time has to be after the time of this request")
                }
            return "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
        }
    }

    private struct Grant {
        var path: String
        var uses: Int
        var refusal: Refusal
    }

    private let grants = Mutex<[String: Grant]>([:])

    /// Path and query of a URL under which `path` can be had `uses` times.
    func sign(_ path: String, uses: Int, _ refusal: Refusal) -> String {
        let signature = UUID().uuidString
        grants.withLock { $0[signature] = Grant(path: path, uses: uses, refusal: refusal) }
        return "\(path)?X-Amz-Expires=3600&X-Amz-Signature=\(signature)"
    }

    /// Nil if the request may be served.
    func refusal(of request: WireHead) -> (status: Int, body: String)? {
        // S3, GCS and Azure refuse a signed URL that comes with credentials in a header as well (registry.md 4.1).
        if request.value(of: "Authorization") != nil {
            return (
                400, "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>"
            )
        }
        let signature = request.target.components(separatedBy: "X-Amz-Signature=").last ?? ""
        return grants.withLock { grants -> (Int, String)? in
            guard var grant = grants[signature], grant.path == request.path else {
                return (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>")
            }
            // Signed for GET alone.
            guard request.method == "GET" else { return (403, Refusal.forbidden.body) }
            guard grant.uses > 0 else { return (grant.refusal.status, grant.refusal.body) }
            grant.uses -= 1
            grants[signature] = grant
            return nil
        }
    }
}
