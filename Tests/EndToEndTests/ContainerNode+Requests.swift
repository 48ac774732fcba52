import Foundation
import TestSupport

/// A request that came for a repository, through the proxy.
struct RegistryRequest: CustomStringConvertible, Sendable {
    var method: String
    /// Below the repository, such as `blobs/sha256:…`.
    var path: String
    var range: String?
    var isOurs: Bool

    var isForBlob: Bool { path.hasPrefix("blobs/") }
    var description: String { "\(isOurs ? "imagelet" : "runtime"): \(method) \(path) \(range ?? "")" }
}

extension FaultyProxy {
    /// What has been asked for a repository so far.
    func requests(for repository: String) -> [RegistryRequest] {
        requests.compactMap { request in
            let prefix = "/v2/\(repository)/"
            guard request.path.hasPrefix(prefix) else { return nil }
            let agent = request.head.value(of: "User-Agent") ?? ""
            return RegistryRequest(
                method: request.method,
                path: String(request.path.dropFirst(prefix.count).prefix { $0 != "?" }), range: request.range,
                isOurs: agent.hasPrefix("imagelet"))
        }
    }
}

extension ContainerNode {
    typealias Request = RegistryRequest

    /// What has been asked for a repository so far.
    func requests(for repository: String) -> [Request] { proxy.requests(for: repository) }

    /// The requests for a layer's bytes.
    func requests(for layer: TestImage.Layer, of repository: String) throws -> [Request] {
        let path = "blobs/" + (try layer.digest)
        return requests(for: repository).filter { $0.path == path && $0.method == "GET" }
    }
}

extension RegistryRequest {
    /// How many bytes the range asks for; nil without a range.
    var rangeLength: Int? {
        guard let range, let match = range.wholeMatch(of: #/bytes=([0-9]+)-([0-9]+)/#),
            let first = Int(match.output.1), let last = Int(match.output.2)
        else { return nil }
        return last - first + 1
    }
}
