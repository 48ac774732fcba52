internal import GRPC
internal import OCI

/// Labels as they are kept.
struct SnapshotLabels: Sendable, Equatable {
    /// Bytes of a label's key and value together: containerd's own limit (specs/containerd.md 4).
    static let maximumBytes = 4096
    static let maximumCount = 256

    /// The chain ID of what is to be unpacked.
    static let chain = "containerd.io/snapshot.ref"

    private(set) var values: [String: String]

    /// An empty value means that there is no such label, as in containerd's own store.
    /// - Throws: `RPCFailure.invalidArgument` if one is too long, or there are too many.
    init(_ values: [String: String]) throws(RPCFailure) {
        guard values.count <= Self.maximumCount else {
            throw RPCFailure(.invalidArgument, "\(values.count) labels; a snapshot has at most \(Self.maximumCount)")
        }
        for (key, value) in values where key.utf8.count + value.utf8.count > Self.maximumBytes {
            throw RPCFailure(
                .invalidArgument,
                "label '\(key.prefix(64))' and its value have more than \(Self.maximumBytes) bytes together")
        }
        self.values = values.filter { !$0.key.isEmpty && !$0.value.isEmpty }
    }

    /// What the label `snapshot.ref` says; nil if there is none, or it is no digest.
    var chainID: Digest? { values[Self.chain].flatMap { try? Digest($0) } }
}

/// What an Update changes (specs/containerd.md 5): of a snapshot only labels can be changed.
enum LabelChange: Sendable, Equatable {
    case replace
    case set([String])

    /// - Parameter paths: of the update mask; none means all that can be changed.
    /// - Throws: `RPCFailure.invalidArgument` for any other path.
    init(paths: [String]) throws(RPCFailure) {
        var keys: [String] = []
        var replaces = paths.isEmpty
        for path in paths {
            if path == "labels" {
                replaces = true
            } else if path.hasPrefix("labels."), path.utf8.count > "labels.".utf8.count {
                keys.append(String(path.dropFirst("labels.".count)))
            } else {
                throw RPCFailure(.invalidArgument, "'\(path.prefix(64))' of a snapshot cannot be changed; labels can")
            }
        }
        self = replaces ? .replace : .set(keys)
    }

    func apply(_ new: [String: String], to labels: inout [String: String]) {
        switch self {
        case .replace: labels = new
        case .set(let keys): for key in keys { labels[key] = new[key] }
        }
    }
}
