import Foundation
import Hashing
import LayerFormat
import Layers
import Linux
import Logging
import OCI
import SOCI
import Synchronization
import TestSupport
import Testing

/// A directory of its own, gone with `body`.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = NSTemporaryDirectory() + "/imagelet-layers-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Runs a tool and gives its output.
@discardableResult
func tool(_ arguments: String...) throws -> [UInt8] {
    try Tool.check(arguments)
}

func read(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

/// A layer made by GNU tar and gzip, and its zTOC.
struct MadeLayer {
    var tar: [UInt8]
    var blob: [UInt8]
    var tableOfContents: [UInt8]
    var description: LayerDescription
    var format: SOCIFormat

    /// Made once: most tests don't care.
    static let usual = Task { try await MadeLayer(sizes: [300_000, 5, 0, 700_000, 123_456]) }
    static let plain = Task { try await MadeLayer(sizes: [300_000, 5, 0, 700_000, 123_456], compression: .none) }

    static func usual(_ compression: LayerCompression) async throws -> MadeLayer {
        try await compression == .gzip ? usual.value : plain.value
    }

    /// - Parameters:
    ///   - sizes: of the files in it, in bytes; half of each is random.
    ///   - blockingFactor: of the tar, in 512 bytes: how it is padded.
    init(
        sizes: [Int], spanSize: Int64 = 64 << 10, compression: LayerCompression = .gzip,
        blockingFactor: Int = 20, slot: UInt32 = 1, trailing: [UInt8] = []
    ) async throws {
        (tar, blob) = try await withDirectory { directory in
            let root = directory + "/root"
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            for (number, size) in sizes.enumerated() { try write(Self.content(size), root + "/file\(number)") }
            let path = directory + "/layer.tar"
            try tool("tar", "-b", "\(blockingFactor)", "--sort=name", "-C", root, "-cf", path, ".")
            if !trailing.isEmpty { try write(try read(path) + trailing, path) }
            return (try read(path), compression == .gzip ? try tool("gzip", "-6nc", path) : try read(path))
        }
        format = SOCIFormat(spanSize: spanSize)
        let indexer = try format.makeIndexer(compression: compression, hashesContent: true)
        try indexer.feed(blob) { _ in }
        let indexed = try indexer.finish()
        tableOfContents = indexed.pieces.flatMap(\.self)
        description = LayerDescription(
            slot: slot, blob: Digest(of: blob), blobSize: Int64(blob.count), diffID: Digest(of: tar),
            compression: compression)
    }

    /// Random hex digits, so that gzip has something to do.
    private static func content(_ size: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 16)
        while bytes.count < size {
            let word = generator.next()
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 63)
            }
        }
        bytes.removeLast(bytes.count - size)
        return bytes
    }

    var table: any SegmentedLayer {
        get throws { try format.open(InMemoryBytes(tableOfContents), blobSize: description.blobSize) }
    }

    /// The table of contents with another last byte in this window of a checkpoint (soci.md 2.1).
    func withForged(_ window: [UInt8]) throws -> [UInt8] {
        let place = try #require(Data(tableOfContents).range(of: Data(window), options: .backwards)).upperBound - 1
        var forged = tableOfContents
        forged[place] ^= 0x20
        return forged
    }

    var source: ScriptedSource { ScriptedSource(blob) }

    func store(_ directory: String, _ change: (inout LayerStoreOptions) -> Void = { _ in }) -> LayerStore {
        var options = LayerStoreOptions()
        options.fillQuietPeriod = .zero
        options.fillRetryDelay = .milliseconds(20)
        change(&options)
        var logger = Logger(label: "tests")
        logger.logLevel = .critical
        return LayerStore(directory: directory + "/layers", format: format, options: options, logger: logger)
    }
}

extension LayerStore {
    func prepare(
        _ description: LayerDescription, tableOfContents: [UInt8], source: any BlobSource
    ) async throws -> Layer {
        try Directory.create(directory)
        let path = directory + "-" + UUID().uuidString
        try Path.replace(path, with: [tableOfContents])
        defer { _ = try? Path.remove(path) }
        return try await prepare(description, tableOfContentsAt: path, source: source)
    }
}

/// Runs the store for as long as `body` takes, then stops it in order.
func running<Result: Sendable>(
    _ store: LayerStore, _ body: @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await store.run() }
        let result: Result
        do {
            result = try await body()
        } catch {
            group.cancelAll()
            throw error
        }
        group.cancelAll()
        try await group.waitForAll()
        return result
    }
}

extension LayerReader {
    /// Reads as a file system would: what is local at once, else after waiting.
    func bytes(_ range: Range<Int64>) async throws -> [UInt8] {
        if let local = try local(range) { return local }
        try await makeLocal(range)
        return try #require(try local(range), "made local, and isn't")
    }

    /// Nil if not all of it is local.
    func local(_ range: Range<Int64>) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var span = bytes.mutableSpan
        return try readIfLocal(at: range.lowerBound, into: &span) ? bytes : nil
    }
}

extension MadeLayer {
    func expects(_ layer: any LayerReader, _ range: Range<Int64>) async throws {
        let bytes = try await layer.bytes(range)
        #expect(bytes.elementsEqual(tar[Int(range.lowerBound)..<Int(range.upperBound)]), "content of \(range)")
    }
}

/// Waits until `condition` holds; a test that waits in vain is stopped by its time limit.
func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
