import Foundation
import LayerFS
import LayerFormat
import Layers
import Linux
import Logging
import OCI
import SOCI
import TestSupport

/// A blob in memory.
struct MemorySource: BlobSource {
    let blob: [UInt8]
    var size: Int64 { Int64(blob.count) }

    func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
        try await consume(Array(blob[Int(range.lowerBound)..<Int(range.upperBound)]))
    }
}

extension LayerDescription {
    /// Of a plain tar as its own blob.
    init(of tar: [UInt8], slot: UInt32) {
        let digest = Digest(of: tar)
        self.init(slot: slot, blob: digest, blobSize: Int64(tar.count), diffID: digest, compression: .none)
    }
}

/// What a daemon has of layers, below a directory of its own.
struct LayerStoreFixture {
    let direct: DirectMounts
    let store: LayerStore

    init(
        _ directory: String, format: any TableOfContentsFormat = SOCIFormat(), mountsDirectly: Bool = true
    ) {
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        direct = DirectMounts(at: directory + "/direct", isEnabled: mountsDirectly, logger: logger)
        store = LayerStore(
            directory: directory + "/layers", format: format, borrower: direct, logger: logger)
    }

    /// Runs the store while `body` runs.
    func running<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        let store = store
        let service = Task { try await store.run() }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        service.cancel()
        try await service.value
        return try result.get()
    }

    func prefetch(_ tar: [UInt8], slot: UInt32) async throws -> Layer {
        try await store.prefetch(LayerDescription(of: tar, slot: slot), source: MemorySource(blob: tar))
    }
}

/// A directory whose mounts go with `body`.
func withMountsBelow<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let scratch = try ScratchDirectory()
    // As the kernel names it.
    let path = try Path.resolvingParents(of: scratch.path)
    defer {
        for mount in ((try? Mount.all()) ?? []).reversed() where mount.path.hasPrefix(path + "/") {
            _ = try? Mount.unmount(mount.path, lazily: true)
        }
    }
    return try await body(path)
}
