internal import GRPC
internal import OCI

/// The key or name of a snapshot, which only clients can read: containerd puts `<namespace>/<number>/` before what its own clients say,
/// and that may hold blanks, slashes and colons (specs/containerd.md 2).
struct SnapshotName: Sendable, Equatable, CustomStringConvertible {
    /// The longest name in bytes. containerd's own are chain IDs and container ids behind a namespace.
    static let maximumBytes = 4096

    let text: String

    /// - Throws: `RPCFailure.invalidArgument` for an empty or overlong name, and one with a NUL.
    init(_ text: String, _ what: String) throws(RPCFailure) {
        guard !text.isEmpty else { throw RPCFailure(.invalidArgument, "the \(what) is empty") }
        guard text.utf8.count <= Self.maximumBytes, !text.utf8.contains(0) else {
            throw RPCFailure(
                .invalidArgument, "a \(what) has at most \(Self.maximumBytes) bytes and no NUL")
        }
        self.text = text
    }

    /// The name of a parent; nil for the empty text, which means none.
    init?(parent text: String) throws(RPCFailure) {
        if text.isEmpty { return nil }
        try self.init(text, "parent")
    }

    /// The name under which `chain` on top of the snapshot with the id `parent` is adopted.
    ///
    /// Unique for the two, since ids are: the bare chain ID would be taken by one whose parent was another (specs/containerd.md 3).
    init(adopting chain: Digest, on parent: Int64?) { text = "imagelet/\(parent ?? 0)/\(chain)" }

    var description: String { text }
}
