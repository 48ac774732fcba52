internal import OCI
internal import Synchronization

/// Layers that cannot be fetched since nobody's credentials are accepted any more, and what the registry said.
final class Refusals: Sendable {
    /// Layers that are remembered before all are forgotten: those of removed images are among them.
    private static let limit = 4096

    private let messages = Mutex<[Digest: String]>([:])

    /// - Parameter message: holds no secret.
    func note(_ message: String, of layer: Digest) {
        messages.withLock { messages in
            if messages.count >= Self.limit { messages = [:] }
            messages[layer] = message
        }
    }

    func forget(_ layer: Digest) { messages.withLock { messages in messages[layer] = nil } }

    func message(of layer: Digest) -> String? { messages.withLock { $0[layer] } }
}
