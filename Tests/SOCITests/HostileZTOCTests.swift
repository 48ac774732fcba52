import LayerFormat
import OCI
import SOCI
import Testing

/// soci.md part 9: every lie in a zTOC is an error, none is a crash.
@Suite struct HostileZTOCTests {
    struct Lie: Sendable, CustomTestStringConvertible {
        var name: String
        var code: LayerFormatError.Code
        var file = Vectors.ztocA
        var tell: @Sendable (inout ZTOCPatch) throws -> Void

        var testDescription: String { name }
    }

    static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let lies = [
        Lie(name: "version", code: .unsupported) { try $0.set($0.root, slot: 0, text("1.0")) },
        Lie(name: "blob size below the last span", code: .malformed) { try $0.set($0.root, slot: 2, 8, 1804) },
        Lie(name: "negative blob size", code: .malformed) { try $0.set($0.root, slot: 2, 8, -1) },
        Lie(name: "negative content size", code: .malformed) { try $0.set($0.root, slot: 3, 8, -1) },
        Lie(name: "files behind the content's end", code: .malformed) { try $0.set($0.root, slot: 3, 8, 16775) },
        Lie(name: "unknown compression", code: .unsupported, file: Vectors.ztocC) {
            try $0.set($0.compression, slot: 0, 1, 3)
        },
        Lie(name: "gzip that is plain", code: .malformed, file: Vectors.ztocC) {
            try $0.set($0.compression, slot: 0, 1, 1)
        },
        Lie(name: "last span", code: .malformed) { try $0.set($0.compression, slot: 1, 4, 4) },
        Lie(name: "huge last span", code: .malformed) { try $0.set($0.compression, slot: 1, 4, 0x7fff_ffff) },
        Lie(name: "missing digest", code: .malformed) {
            try $0.set(
                $0.compression, slot: 2, Array(repeating: text("sha256:" + String(repeating: "0", count: 64)), count: 5)
            )
        },
        Lie(name: "bad digest", code: .malformed) {
            try $0.set($0.compression, slot: 2, Array(repeating: text("sha256:00"), count: 6))
        },
        Lie(name: "other digest", code: .malformed) {
            try $0.set(
                $0.compression, slot: 2,
                Array(repeating: text("sha512:" + String(repeating: "0", count: 128)), count: 6))
        },
        Lie(name: "negative count", code: .malformed) { $0.set($0.checkpoints.lowerBound, 4, -1) },
        Lie(name: "wrong count", code: .malformed) { $0.set($0.checkpoints.lowerBound, 4, 5) },
        Lie(name: "huge count", code: .malformed) { $0.set($0.checkpoints.lowerBound, 4, 0x7fff_ffff) },
        Lie(name: "no checkpoints", code: .malformed) { try $0.set($0.compression, slot: 3, [UInt8]()) },
        Lie(name: "short checkpoints", code: .malformed) { patch in
            let blob = Array(patch.bytes[patch.checkpoints])
            try patch.set(patch.compression, slot: 3, Array(blob.dropLast()))
        },
        Lie(name: "bits", code: .malformed) { $0.bytes[$0.record(2) + 16] = 8 },
        Lie(name: "first input", code: .malformed) { $0.set($0.record(0), 8, 9) },
        Lie(name: "first output", code: .malformed) { $0.set($0.record(0) + 8, 8, 1) },
        Lie(name: "decreasing input", code: .malformed) { $0.set($0.record(3), 8, 859) },
        Lie(name: "negative input", code: .malformed) { $0.set($0.record(3), 8, Int.min) },
        Lie(name: "input behind the blob", code: .malformed) { $0.set($0.record(5), 8, 2173) },
        Lie(name: "content out of no bytes", code: .malformed) { $0.set($0.record(5), 8, 2172) },
        Lie(name: "decreasing output", code: .malformed) { $0.set($0.record(3) + 8, 8, 5127) },
        Lie(name: "negative output", code: .malformed) { $0.set($0.record(3) + 8, 8, -8091) },
        Lie(name: "content without spans", code: .malformed) { patch in
            try patch.set(patch.compression, slot: 3, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
            try patch.set(patch.compression, slot: 1, 4, -1)
            try patch.set(patch.compression, slot: 2, [[UInt8]]())
        },
        Lie(name: "more content than deflate can give", code: .malformed) { try $0.set($0.root, slot: 3, 8, 1 << 40) },
        Lie(name: "content longer than a file", code: .malformed) { patch in
            try patch.set(patch.root, slot: 2, 8, 1 << 43)
            try patch.set(patch.root, slot: 3, 8, 1 << 45)
        },
        Lie(name: "root outside", code: .malformed) { $0.set(0, 4, 0x7fff_ffff) },
        Lie(name: "vtable outside", code: .malformed) { $0.set($0.root, 4, -0x7000_0000) },
        Lie(name: "vector too long", code: .malformed) { $0.set($0.entries, 4, 0x3fff_ffff) },
        Lie(name: "entry outside", code: .malformed) { $0.set($0.entries + 8, 4, 0x7fff_ffff) },
        Lie(name: "unknown type", code: .unsupported) { try $0.set($0.entry(3), slot: 1, text("door")) },
        Lie(name: "negative offset", code: .malformed) { try $0.set($0.entry(1), slot: 2, 8, -1) },
        Lie(name: "negative size", code: .malformed) { try $0.set($0.entry(1), slot: 3, 8, -1) },
        Lie(name: "overflowing size", code: .malformed) { try $0.set($0.entry(1), slot: 3, 8, Int.max) },
        Lie(name: "NUL in a name", code: .malformed) { try $0.set($0.entry(1), slot: 0, [97, 0, 98]) },
        Lie(name: "long name", code: .tooLarge) {
            try $0.set($0.entry(1), slot: 0, Array(repeating: UInt8(ascii: "/"), count: 4097))
        },
        Lie(name: "long part", code: .tooLarge) {
            try $0.set($0.entry(1), slot: 0, Array(repeating: UInt8(ascii: "a"), count: 256))
        },
        Lie(name: "device number", code: .malformed) { try $0.set($0.entry(8), slot: 11, 8, 1 << 32) },
        Lie(name: "long owner", code: .tooLarge) {
            try $0.set($0.entry(1), slot: 8, Array(repeating: 97, count: 65537))
        },
        Lie(name: "sparse file without its map", code: .unsupported) { patch in
            let records = patch.target(try #require(patch.field(patch.entry(7), 13)))
            let record = patch.target(records + 4)
            try patch.set(record, slot: 0, text("GNU.sparse.major"))
            try patch.set(record, slot: 1, text("1"))
        },
        Lie(name: "TarZinfo version", code: .malformed, file: Vectors.ztocC) {
            $0.set($0.checkpoints.upperBound - 4, 4, 3)
        },
        Lie(name: "span size of nothing", code: .malformed, file: Vectors.ztocC) {
            $0.set($0.checkpoints.lowerBound + 32, 8, 0)
        },
        Lie(name: "span size of one", code: .malformed, file: Vectors.ztocC) {
            $0.set($0.checkpoints.lowerBound + 32, 8, 1)
        },
        Lie(name: "tar size", code: .malformed, file: Vectors.ztocC) {
            $0.set($0.checkpoints.lowerBound + 24, 8, 18431)
        },
        Lie(name: "more content than tar", code: .malformed, file: Vectors.ztocC) {
            try $0.set($0.root, slot: 3, 8, 18433)
        },
    ]

    @Test(arguments: lies) func isRefused(_ lie: Lie) throws {
        var patch = ZTOCPatch(lie.file)
        #expect(throws: Never.self) { try Layers.entries(patch.bytes) }
        try lie.tell(&patch)
        #expect {
            try Layers.entries(patch.bytes)
        } throws: { error in
            guard let error = error as? LayerFormatError else { return false }
            return error.code == lie.code && !error.message.isEmpty
        }
    }

    @Test func truncationIsRefused() {
        for length in Array(0..<200) + [1000, 100_000, 197_000, Vectors.ztocA.count - 20] {
            #expect(throws: LayerFormatError.self) { try Layers.entries(Array(Vectors.ztocA.prefix(length))) }
        }
    }

    @Test func hugeFilesAreRefusedUnread() {
        struct Endless: RandomAccessBytes {
            var size: Int64 { ZTOC.maximumFileSize + 1 }
            func bytes(in range: Range<Int64>) throws -> [UInt8] {
                Issue.record("read \(range)")
                return []
            }
        }
        #expect { try ZTOC(Endless()) } throws: { ($0 as? LayerFormatError)?.code == .tooLarge }
    }

    @Test func tooManyEntriesAreRefused() {
        var limits = LayerLimits()
        limits.entries = 10
        #expect {
            try ZTOC(InMemoryBytes(Vectors.ztocA), limits: limits)
        } throws: { ($0 as? LayerFormatError)?.code == .tooLarge }
    }

    /// Countless references to the same few bytes must not keep a reader busy.
    @Test func oneEntryReferredToManyTimes() throws {
        var patch = ZTOCPatch(Vectors.ztocA)
        let table = patch.target(try #require(patch.field(patch.root, 4)))
        let field = try #require(patch.field(table, 0))
        let entry = patch.entry(9)
        // Distances point forwards only: the vector goes in front, the rest moves.
        let count = 100_000
        let shift = 4 + 4 * count
        var bytes = patch.bytes
        var vector: [UInt8] = []
        func put(_ value: Int) { vector += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        put(count)
        for index in 0..<count { put(entry + shift - (field + 4 + 4 + 4 * index)) }
        bytes.insert(contentsOf: vector, at: field + 4)
        patch.bytes = bytes
        // The field's own target is now right behind it; all objects in front of it still reach theirs.
        patch.set(field, 4, 4)
        for slot in [0, 1] {
            let position = try #require(patch.field(patch.root, slot))
            patch.set(position, 4, patch.integer(position, 4) + shift)
        }
        #expect(throws: LayerFormatError.self) {
            try ZTOC(InMemoryBytes(patch.bytes)).forEachEntry { _ in }
        }
    }

    @Test func tenThousandRandomChanges() throws {
        let original = Vectors.ztocA
        let blob = ZTOCPatch(original).checkpoints
        var random = Random(seed: 11)
        var refused = 0
        for _ in 0..<10_000 {
            var changed = original
            for _ in 0...random.next(below: 3) {
                // Four of five changes hit something else than a window.
                let start = random.next(below: 5) == 0 ? random.next(below: 6) * 32785 + blob.lowerBound + 12 : 0
                let position: Int
                if start != 0 {
                    position = start + random.next(below: 17)
                } else {
                    let outside = random.next(below: original.count - blob.count)
                    position = outside < blob.lowerBound ? outside : outside + blob.count
                }
                changed[position] = UInt8(truncatingIfNeeded: random.next() >> UInt64(random.next(below: 8)))
            }
            do {
                let ztoc = try ZTOC(InMemoryBytes(changed))
                try ztoc.forEachEntry { _ in }
                for number in 0..<ztoc.segmentCount { #expect(ztoc.segment(number).number == number) }
                for offset in stride(from: 0, to: min(ztoc.contentSize, 20_000), by: 997) {
                    let number = ztoc.segmentNumber(containing: offset)
                    #expect(ztoc.segment(number).content.contains(offset))
                }
            } catch is LayerFormatError {
                refused += 1
            }
        }
        #expect(refused > 1000)
    }
}
