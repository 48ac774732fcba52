import Distribution
import HTTP
import Logging
import OCI
import Synchronization
import TestSupport

/// A clock that a test moves, and that moves by itself when somebody waits.
final class ManualTime: Sendable {
    private let state = Mutex<(now: Duration, sleeps: [Duration])>((.zero, []))

    var timebase: Timebase {
        Timebase(
            now: { self.state.withLock { $0.now } },
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.now += duration
                    state.sleeps.append(duration)
                }
            })
    }

    /// Everything that was waited for, in order.
    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(by duration: Duration) { state.withLock { $0.now += duration } }
}

/// Keeps every log line, to look for secrets in.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(lines: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}

/// Credentials by host.
struct FixedCredentials: CredentialSource {
    var byHost: [String: Credential] = [:]
    func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential? { byHost[target.host] }
}

func makeClient(
    hosts: HostConfiguration = HostConfiguration(directories: []), credentials: (any CredentialSource)? = nil,
    time: ManualTime? = nil, retry: RetryPolicy = RetryPolicy(), timeouts: Timeouts = Timeouts(),
    log: LogLines = LogLines()
) -> RegistryClient {
    RegistryClient(
        http: HTTPClient(), hosts: hosts, credentials: credentials.map { [$0] } ?? [],
        options: .init(
            retry: retry, blobRetry: retry, timeouts: timeouts, blobTimeouts: timeouts,
            time: time?.timebase ?? .continuous), logger: log.logger)
}

/// An image with one layer that is no tar: nothing here looks inside.
struct SampleImage {
    let config: [UInt8]
    let layer: [UInt8]
    let manifest: [UInt8]
    let digest: Digest
    let layerDescriptor: Descriptor
    let configDescriptor: Descriptor

    init(layerSize: Int = 300_000, seed: UInt64 = 1) throws {
        var random = SplitMix(state: seed)
        layer = (0..<layerSize).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        config = Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8)
        layerDescriptor = Descriptor(mediaType: .ociLayerGzip, digest: Digest(of: layer), size: Int64(layer.count))
        configDescriptor = Descriptor(mediaType: .ociConfig, digest: Digest(of: config), size: Int64(config.count))
        manifest = try OCIDocument.encode(Manifest(config: configDescriptor, layers: [layerDescriptor]))
        digest = Digest(of: manifest)
    }

    var manifestDescriptor: Descriptor {
        Descriptor(mediaType: .ociManifest, digest: digest, size: Int64(manifest.count))
    }

    func push(_ client: RegistryClient, _ name: String, credentials: RequestCredentials? = nil) async throws
        -> Reference
    {
        let reference = try Reference(name)
        for (descriptor, bytes) in [(configDescriptor, config), (layerDescriptor, layer)] {
            try await client.pushBlob(reference, descriptor, content: BytesSource(bytes), credentials: credentials)
        }
        try await client.pushManifest(reference, bytes: manifest, mediaType: .ociManifest, credentials: credentials)
        return reference
    }
}

extension BlobSource {
    /// All bytes of a range.
    func bytes(_ range: Range<Int64>) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await read(range) { bytes += $0 }
        return bytes
    }
}

/// What a closure throws, or nil.
func failure(_ body: () async throws -> Void) async -> (any Error)? {
    do { try await body() } catch { return error }
    return nil
}

func code(_ error: (any Error)?) -> RegistryError.Code? { (error as? RegistryError)?.code }
func blobCode(_ error: (any Error)?) -> BlobError.Code? { (error as? BlobError)?.code }
