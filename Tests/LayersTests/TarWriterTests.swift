import Dispatch
import Hashing
import Linux
import Testing

@testable import Layers

/// Content is written in order, by whoever has the time; what goes wrong is said to who brings it.
@Suite struct TarWriterTests {
    /// Pieces smaller and larger than what waits at the most.
    private static let pieces: [[UInt8]] = (0..<200).map { number in
        let count = [1, 700, 40_000, 131_072, number == 100 ? 3 << 20 : 0][number % 5]
        return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
    }

    /// With threads that can help, and without any that is free.
    @Test(arguments: [false, true]) func writesAllInOrder(isBenchBusy: Bool) async throws {
        let bench = Workbench(threads: 2)
        let free = DispatchSemaphore(value: 0)
        if isBenchBusy { for _ in 0..<2 { bench.start { free.wait() } } }
        defer { for _ in 0..<2 { free.signal() } }
        try await withDirectory { directory in
            let tar = try File(directory + "/layer.tar", .createExclusive)
            let writer = TarWriter(tar, algorithm: .sha256, bench: bench)
            for piece in Self.pieces { try writer.put(piece) }
            let hash = try writer.finish()
            let expected = Array(Self.pieces.joined())
            #expect(try tar.read(at: 0, count: expected.count + 1) == expected)
            #expect(hash == ContentHasher.hash(expected))
        }
    }

    @Test(arguments: [false, true]) func saysThatTheDiskIsFull(isBenchBusy: Bool) async throws {
        let bench = Workbench(threads: 2)
        let free = DispatchSemaphore(value: 0)
        if isBenchBusy { for _ in 0..<2 { bench.start { free.wait() } } }
        defer { for _ in 0..<2 { free.signal() } }
        let writer = TarWriter(try File("/dev/full", .readWrite), algorithm: .sha256, bench: bench)
        let error = #expect(throws: LinuxError.self) {
            for piece in Self.pieces { try writer.put(piece) }
            _ = try writer.finish()
        }
        #expect(error?.isDiskFull == true)
        #expect(throws: LinuxError.self) { try writer.finish() }
    }
}
