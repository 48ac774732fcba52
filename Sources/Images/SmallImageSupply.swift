internal import Logging
internal import OCI
internal import Policy

/// Fetches the blobs of a very small image over the connection that just brought its manifest, while the runtime still opens its own and
/// asks what the name stands for: so the question that decides costs such a pull no time.
///
/// The runtime waits for a blob that is being brought and fetches what did not come; nothing here fails a pull.
struct SmallImageSupply: Sendable {
    /// Bytes of an image up to which a round trip to the registry counts. They are held in memory.
    static let largest: Int64 = 4 << 20
    /// How long the runtime may be kept waiting for a blob that does not come.
    static let patience = Duration.seconds(5)

    private let runtime: any ImageRuntime
    private let logger: Logger

    init(runtime: any ImageRuntime, logger: Logger) {
        self.runtime = runtime
        self.logger = logger
    }

    /// Brings all blobs that the runtime has not got; ends when they are there, at the first that cannot be brought, or when cancelled.
    func run(_ manifest: ResolvedManifest, _ decision: Decision, from origin: any ImageOrigin) async {
        guard decision.reasons.contains(where: { $0.code == .belowThreshold }),
            manifest.compressedSize <= Self.largest
        else { return }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (kind, blob) in [(BlobKind.config, manifest.manifest.config)]
                    + manifest.distinctLayers.map({ (.layer, $0) })
                {
                    group.addTask {
                        try await runtime.take(kind, blob, within: Self.patience) {
                            try await origin.blob(blob, in: manifest.reference, cap: Self.largest)
                        }
                    }
                }
                try await group.waitForAll()
            }
        } catch {
            logger.debug("blobs not supplied", metadata: ["image": "\(manifest.reference)", "error": "\(error)"])
        }
    }
}
