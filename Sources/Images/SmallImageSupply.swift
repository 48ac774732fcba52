internal import Logging
internal import OCI
internal import Policy

/// Gives the runtime the blobs of a very small image, over the connection that just brought its manifest: of such a pull most of the
/// time goes into round trips, and this saves as many as the question that decides has cost.
///
/// What cannot be had in time the runtime fetches; nothing here fails a pull.
struct SmallImageSupply: Sendable {
    /// Bytes of an image up to which a round trip to the registry counts. They are held in memory.
    static let largest: Int64 = 4 << 20
    /// How long the registry took to give the manifest from which on it pays to spare the runtime round trips to it: what is given is
    /// written by the runtime all the same.
    static let worthwhile = Duration.milliseconds(15)
    /// How long the runtime is kept waiting for blobs that do not come.
    static let patience = Duration.seconds(3)

    private struct Late: Error {}

    /// Nil: it takes nothing.
    private let content: (any ContentStore)?
    private let logger: Logger

    init(content: (any ContentStore)?, logger: Logger) {
        self.content = content
        self.logger = logger
    }

    /// Returns when the runtime has all blobs, or is better off fetching the rest itself.
    func run(_ manifest: ResolvedManifest, _ decision: Decision, from origin: any ImageOrigin) async {
        guard let content, decision.reasons.contains(where: { $0.code == .belowThreshold }),
            manifest.compressedSize <= Self.largest
        else { return }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await give(manifest, from: origin, to: content) }
                group.addTask {
                    try await Task.sleep(for: Self.patience)
                    throw Late()
                }
                try await group.next()
                group.cancelAll()
            }
        } catch {
            logger.debug("blobs not supplied", metadata: ["image": "\(manifest.reference)", "error": "\(error)"])
        }
    }

    private func give(
        _ manifest: ResolvedManifest, from origin: any ImageOrigin, to content: any ContentStore
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for blob in [manifest.manifest.config] + manifest.distinctLayers {
                group.addTask {
                    guard try await !content.has(blob.digest) else { return }
                    let bytes = try await origin.blob(blob, in: manifest.reference, cap: Self.largest)
                    try await content.take(bytes, digest: blob.digest)
                }
            }
            try await group.waitForAll()
        }
    }
}
