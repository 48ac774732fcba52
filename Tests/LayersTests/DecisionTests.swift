import LayerFormat
import OCI
import Testing

@testable import Layers

@Suite struct TransferScheduleTests {
    private let one = Digest(of: [1])
    private let two = Digest(of: [2])

    private func schedule(total: Int = 4, perLayer: Int = 2, background: Int = 1) -> TransferSchedule {
        TransferSchedule(limits: TransferSchedule.Limits(total: total, perLayer: perLayer, background: background))
    }

    @Test func theMostUrgentStartsFirstThenTheOldest() {
        var schedule = schedule(total: 2, perLayer: 2, background: 2)
        let tickets = [TransferPriority.background, .prefetch, .demand, .readAhead].map { schedule.submit(one, $0) }
        #expect(schedule.start() == [tickets[2], tickets[3]])
        schedule.leave(tickets[2])
        schedule.leave(tickets[3])
        #expect(schedule.start() == [tickets[1], tickets[0]])
    }

    @Test func lessUrgentOnesHoldNobodyUp() {
        var schedule = schedule(total: 2, perLayer: 2)
        _ = schedule.submit(one, .prefetch)
        _ = schedule.submit(one, .prefetch)
        #expect(schedule.start().count == 2)
        let demand = schedule.submit(one, .demand)
        #expect(schedule.start() == [demand])
        _ = schedule.submit(one, .prefetch)
        #expect(schedule.start().isEmpty)
    }

    @Test func oneLayerDoesNotTakeAllSlots() {
        var schedule = schedule()
        for _ in 0..<4 { _ = schedule.submit(one, .demand) }
        #expect(schedule.start().count == 2)
        let other = schedule.submit(two, .demand)
        #expect(schedule.start() == [other])
    }

    @Test func aStuckOneCountsForItsLayerOnly() {
        var schedule = schedule(total: 2, perLayer: 2)
        let stuck = (0..<3).map { _ in schedule.submit(one, .demand) }
        #expect(schedule.start() == [stuck[0], stuck[1]])
        let other = schedule.submit(two, .demand)
        #expect(schedule.start() == [])
        schedule.noteStuck(stuck[0])
        #expect(schedule.start() == [other], "and not the third of its own layer")
        #expect(schedule.hasDemand)
        schedule.leave(other)
        schedule.noteStuck(stuck[1])
        #expect(!schedule.hasDemand, "the background would pause for nothing")
        schedule.noteMove(stuck[1])
        _ = schedule.submit(two, .demand)
        #expect(schedule.start().count == 1)
        _ = schedule.submit(two, .demand)
        #expect(schedule.start() == [])
    }

    @Test func theBackgroundHasItsOwnLimit() {
        var schedule = schedule()
        let first = schedule.submit(one, .background)
        let second = schedule.submit(two, .background)
        #expect(schedule.start() == [first])
        schedule.setPriority(second, .demand)
        #expect(schedule.hasDemand)
        #expect(schedule.start() == [second])
        schedule.leave(second)
        #expect(!schedule.hasDemand)
    }
}

@Suite struct ReadAheadTests {
    private static let block: Int64 = 128 << 10

    @Test func randomReadsAskForNothing() {
        var ahead = ReadAhead(segmentSize: 4 << 20, maxWindow: 32 << 20)
        for position in [0, 500, 3, 90, 7, 200, 40].map({ Int64($0) * (8 << 20) }) {
            #expect(ahead.note(position..<position + Self.block) == nil)
        }
    }

    @Test func aSequentialReaderIsReadAheadOfByWhatItHasReadAtMostTheLimit() {
        var ahead = ReadAhead(segmentSize: 4 << 20, maxWindow: 32 << 20)
        var asked: Int64 = 0
        for number in 0..<2000 {
            let start = Int64(number) * Self.block
            guard let goal = ahead.note(start..<start + Self.block) else { continue }
            let read = start + Self.block
            #expect(goal.lowerBound >= asked, "nothing is asked for twice")
            #expect(goal.upperBound - read <= max(4 << 20, min(read, 32 << 20)))
            asked = goal.upperBound
        }
        #expect(asked >= 2000 * Self.block + (24 << 20), "a long run has most of the window in flight")
    }

    @Test func eightStreamsAreToldApart() {
        var ahead = ReadAhead(segmentSize: 1 << 20, maxWindow: 32 << 20)
        var asked = Set<Int64>()
        for number in 0..<40 {
            for stream in 0..<8 {
                let start = Int64(stream) * (1 << 30) + Int64(number) * Self.block
                if ahead.note(start..<start + Self.block) != nil { asked.insert(Int64(stream)) }
            }
        }
        #expect(asked.count == 8)
    }

    @Test func theKernelsOrderDoesNotMatter() {
        var ahead = ReadAhead(segmentSize: 1 << 20, maxWindow: 32 << 20)
        var asked = false
        for number in [0, 2, 1, 4, 3, 5, 7, 6, 8, 9, 11, 10] {
            let start = Int64(number) * Self.block
            if ahead.note(start..<start + Self.block) != nil { asked = true }
        }
        #expect(asked)
    }

    @Test(arguments: [Int64(1), 4096, 1 << 20, 4 << 20, 1 << 60])
    func anyOffsetsAreFine(_ segmentSize: Int64) {
        var ahead = ReadAhead(segmentSize: segmentSize, maxWindow: 32 << 20)
        for offset in [Int64.max - 10, 0, Int64.max - 20, 5, 1 << 62] { _ = ahead.note(offset..<offset + 10) }
        #expect(ahead.note(0..<0) == nil)
    }
}

@Suite struct JournalContentTests {
    private let header = JournalContent.header(blob: Digest(of: [1]), segmentCount: 4, contentSize: 40)
    private let checksum = [UInt8](repeating: 7, count: 16)

    private func content(_ records: [JournalRecord], tail: [UInt8] = []) -> JournalContent {
        JournalContent(header + records.flatMap(\.bytes) + tail, header: header) { (0..<4).contains($0) ? 10 : nil }
    }

    @Test(arguments: [
        JournalRecord.segment(number: 3, length: 1 << 40, checksum: [UInt8](0..<16)), .synced, .filled,
        .complete(checked: true),
        .complete(checked: false), .poisoned, .dropped(number: 3), .emptied,
    ])
    func recordsAreReadAsWritten(_ record: JournalRecord) {
        #expect(record.bytes.count == JournalRecord.size)
        #expect(JournalRecord(record.bytes[...]) == record)
        for index in record.bytes.indices {
            var bytes = record.bytes
            bytes[index] ^= 4
            #expect(JournalRecord(bytes[...]) == nil, "byte \(index)")
        }
    }

    @Test func recordsOfImpossibleSegmentsAreDropped() {
        let journal = content([
            .segment(number: 1, length: 10, checksum: checksum), .segment(number: 4, length: 10, checksum: checksum),
            .segment(number: 2, length: 11, checksum: checksum),
        ])
        #expect(journal.segments == [1: JournalContent.Entry(checksum: checksum, needsCheck: true)])
        #expect(journal.validLength == 160)
    }

    @Test func whatWasSyncedNeedsNoCheck() {
        let journal = content([
            .segment(number: 0, length: 10, checksum: checksum), .synced,
            .segment(number: 1, length: 10, checksum: checksum),
        ])
        #expect(journal.segments[0]?.needsCheck == false)
        #expect(journal.segments[1]?.needsCheck == true)
    }

    @Test func whatWasLostIsNotThere() {
        let one = JournalRecord.segment(number: 0, length: 10, checksum: checksum)
        #expect(content([one, .dropped(number: 0), .synced]).segments.isEmpty)
        #expect(content([one, .filled, .complete(checked: true), .emptied]).complete == nil)
        #expect(content([.emptied, one]).segments.count == 1)
    }

    @Test func aTornOrStrangeTailIsCutOff() {
        let one = JournalRecord.segment(number: 0, length: 10, checksum: checksum)
        #expect(content([one], tail: [1, 2, 3]).validLength == 80)
        #expect(content([one], tail: [UInt8](repeating: 0, count: 40) + JournalRecord.poisoned.bytes) == content([one]))
    }

    @Test func aJournalOfAnotherLayerSaysNothing() {
        let other = JournalContent.header(blob: Digest(of: [2]), segmentCount: 4, contentSize: 40)
        let journal = JournalContent(header + JournalRecord.poisoned.bytes, header: other) { _ in 10 }
        #expect(journal.validLength == 0 && !journal.isPoisoned)
    }
}

@Suite struct PaddingTests {
    @Test(arguments: [
        (Int64(17_920), [UInt8](arrayLiteral: 0, 0x48, 0, 0), Int64?(512)),
        (17_920, [0, 0x46, 0, 0], 0),
        // A later member's length, smaller than the content: no padding is so long.
        (17_920, [1, 0, 0, 0], nil),
        // Beyond 4 GiB the length comes modulo 2³².
        ((1 << 32) + 1024, [0, 8, 0, 0], 1024),
        (17_920, [0, 0x46], nil),
    ])
    func theTrailerTellsThePadding(_ contentSize: Int64, _ trailer: [UInt8], _ padding: Int64?) {
        #expect(DiffIDCheck.padding(contentSize: contentSize, trailer: trailer) == padding)
    }

    @Test(arguments: [(Int64(0), Int64(0)), (10_240, 0), (512, 9728), (10_241, 10_239)])
    func recordsAreOf10240Bytes(_ contentSize: Int64, _ padding: Int64) {
        #expect(DiffIDCheck.paddingToRecord(contentSize) == padding)
    }

    @Test func windowsAreComparedFromTheEnd() throws {
        try WindowCheck.compare([0, 0, 1, 2], [1, 2], "")
        try WindowCheck.compare([1, 2], [9, 9, 1, 2], "")
        #expect(throws: LayerFormatError.self) { try WindowCheck.compare([0, 0, 1, 2], [1, 3], "") }
    }
}
