import Foundation
import Linux
import OCI
import TestSupport
import Testing

@testable import Layers

@Suite("The journal of a layer")
struct JournalTests {
    private static let header = JournalContent.header(blob: Digest(of: [1]), segmentCount: 100, contentSize: 1000)

    @Sendable private static func length(_ number: Int) -> Int64? { (0..<100).contains(number) ? 10 : nil }

    private func segment(_ number: Int, _ mark: UInt8) -> JournalRecord {
        .segment(number: number, length: 10, checksum: [UInt8](repeating: mark, count: JournalRecord.checksumSize))
    }

    private func parsed(_ bytes: [UInt8]) -> JournalContent {
        JournalContent(bytes, header: Self.header, contentLength: Self.length)
    }

    @Test("evicting and fetching for years does not grow it, and it says what it would have said")
    func stayShort() async throws {
        try await withDirectory { directory in
            let path = directory + "/journal"
            let (journal, content) = try Journal.open(path, header: Self.header, contentLength: Self.length)
            #expect(content == JournalContent([], header: Self.header, contentLength: Self.length))
            var all = Self.header
            func append(_ records: [JournalRecord]) throws {
                try journal.append(records)
                all += records.flatMap(\.bytes)
            }
            try append((0..<100).map { segment($0, 0) })
            try append([.synced, .complete(checked: true)])
            var longest = 0
            for round in 1...3000 {
                let number = round % 90
                try append([.dropped(number: number), .dropped(number: 99)])
                if round % 500 == 0 { try journal.sync() }
                try append([segment(number, UInt8(round % 256))])
                if round % 1000 == 0 { try append([.synced]) }
                longest = max(longest, try read(path).count)
            }
            #expect(longest < 2 * (1 + 210) * JournalRecord.size + 70_000)
            let present = try read(path)
            var (short, long) = (parsed(present), parsed(all))
            #expect(short.validLength == Int64(present.count))
            (short.validLength, long.validLength) = (0, 0)
            #expect(short == long)
            #expect(try Directory.entries(of: directory) == ["journal"])
            #expect(try journal.allocatedBytes() > 0)
            // Another run sees the same.
            var again = try Journal.open(path, header: Self.header, contentLength: Self.length).content
            again.validLength = 0
            #expect(again == long)
        }
    }

    @Test("where it cannot be written anew it grows on")
    func cannotBeShortened() async throws {
        try await withDirectory { directory in
            let path = directory + "/journal"
            let (journal, _) = try Journal.open(path, header: Self.header, contentLength: Self.length)
            // Its name for what is written aside is taken.
            try FileManager.default.createDirectory(
                atPath: path + ".new/full", withIntermediateDirectories: true)
            for round in 0..<3000 { try journal.append(segment(5, UInt8(round % 256))) }
            #expect(try read(path).count == Self.header.count + 3000 * JournalRecord.size)
            try FileManager.default.removeItem(atPath: path + ".new")
            for _ in 0..<6000 { try journal.append(segment(5, 9)) }
            #expect(try read(path).count < 3000 * JournalRecord.size)
            #expect(parsed(try read(path)).segments[5]?.checksum.first == 9)
        }
    }

    @Test("any content has records that say it", arguments: 0..<50)
    func records(seed: Int) throws {
        var random = SplitMix(state: UInt64(seed))
        var bytes = Self.header
        for _ in 0..<Int.random(in: 0..<60, using: &random) {
            let number = Int.random(in: 0..<12, using: &random)
            let record: JournalRecord =
                switch Int.random(in: 0..<14, using: &random) {
                case 0: .synced
                case 1: .filled
                case 2: .complete(checked: Bool.random(using: &random))
                case 3: .emptied
                case 4: .poisoned
                case 5..<9: .dropped(number: number)
                default: segment(number, UInt8.random(in: 0...255, using: &random))
                }
            bytes += record.bytes
        }
        var content = parsed(bytes)
        let records = content.records(Self.length)
        var again = parsed(Self.header + records.flatMap(\.bytes))
        #expect(records.count <= 12 + 4)
        (content.validLength, again.validLength) = (0, 0)
        // Without a whole there is nothing for it to be missing from.
        if !content.isFilled, content.complete == nil { content.dropped = [] }
        #expect(again == content)
    }
}
