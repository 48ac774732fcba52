import Foundation
import LayerFS
import Layers
import Linux
import TestSupport
import Testing

/// Reads of bytes that aren't here yet.
@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(1)))
struct MissTests {
    private let scratch: ScratchDirectory
    private let content = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
    private let layer: GatedLayer

    init() throws {
        scratch = try ScratchDirectory()
        var maker = LayerMaker()
        maker.file("big", content)
        maker.file("small", "small\n")
        maker.file("empty", "")
        layer = GatedLayer(try CompleteLayer(tar: try scratch.write(maker.finished(), to: "layer.tar")))
    }

    private func read(_ store: StoreMount, _ name: String) async throws -> [UInt8] {
        let path = store.directory(ofSlot: 1) + "/" + name
        return try await BlockingThread.run("reader") { try Path.read(path, cap: 4 << 20) }
    }

    @Test func waitsForTheBytesThenGivesTheRightOnes() async throws {
        try await withStore(TestLayers([1: layer])) { store in
            async let big = read(store, "big")
            _ = await layer.requests.first { _ in true }
            // Nothing but content waits.
            let empty = try await read(store, "empty")
            #expect(empty == [])
            layer.open()
            let found = try await big
            #expect(found == content)
        }
    }

    @Test func parallelReadersAllGetTheRightBytes() async throws {
        try await withStore(TestLayers([1: layer])) { store in
            let path = store.directory(ofSlot: 1) + "/big"
            let content = content
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for reader in 0..<16 {
                    group.addTask {
                        try await BlockingThread.run("reader") {
                            let file = try File(path)
                            return try (0..<50).allSatisfy { step in
                                let offset = (step * 7919 + reader * 104_729) * 13 % content.count
                                let count = min(5000, content.count - offset)
                                return try file.read(at: Int64(offset), count: 5000)
                                    == Array(content[offset..<offset + count])
                            }
                        }
                    }
                }
                _ = await layer.requests.first { _ in true }
                layer.open()
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test func killedReaderCancelsItsRequest() async throws {
        try await withStore(TestLayers([1: layer])) { store in
            let reader = Process()
            reader.executableURL = URL(fileURLWithPath: "/bin/cat")
            reader.arguments = [store.directory(ofSlot: 1) + "/big"]
            reader.standardOutput = FileHandle.nullDevice
            try reader.run()
            _ = await layer.requests.first { _ in true }
            kill(reader.processIdentifier, SIGKILL)
            _ = await layer.cancellations.first { _ in true }
            try await BlockingThread.run("wait") { reader.waitUntilExit() }
            // The next reader isn't harmed.
            layer.open()
            let found = try await read(store, "big")
            #expect(found == content)
        }
    }

    /// A signal that the reader handles is nothing to a read that waits: neither a short one nor an error.
    @Test func aHandledSignalHarmsNoRead() async throws {
        try await withStore(TestLayers([1: layer])) { store in
            let program = """
                $SIG{URG} = sub { print STDERR "caught\\n" };
                open(my $file, "<", $ARGV[0]) or die; local $/; print <$file>;
                """
            let output = try scratch.write([], to: "output")
            let files = (open("/dev/null", O_RDONLY | O_CLOEXEC), open(output, O_WRONLY | O_CLOEXEC))
            defer { for file in [files.0, files.1] { close(file) } }
            let reader = try Spawn(
                ["perl", "-e", program, store.directory(ofSlot: 1) + "/big"], input: files.0, output: files.1,
                errors: STDERR_FILENO)
            _ = await layer.requests.first { _ in true }
            kill(reader.identifier, SIGURG)
            // Long enough for the kernel to tell of it; were it not, the test would only see less.
            try await Task.sleep(for: .milliseconds(300))
            layer.open()
            let status = try await BlockingThread.run("wait") { reader.wait() }
            #expect(status == 0)
            #expect(try scratch.read("output") == content)
        }
    }

    @Test func failureIsEIOAndOverWhenItsCauseIs() async throws {
        try await withStore(TestLayers([1: layer])) { store in
            layer.refuse()
            let error = await #expect(throws: LinuxError.self) { try await read(store, "small") }
            #expect(error?.errno == .ioError)
            layer.forgive()
            layer.open()
            let found = try await read(store, "small")
            #expect(found == Array("small\n".utf8))
        }
    }

    @Test func waitingReadersGetAnAnswerWhenTheStoreStops() async throws {
        let reader = try await withStore(TestLayers([1: layer])) { store in
            let reader = Task { try await read(store, "big") }
            _ = await layer.requests.first { _ in true }
            return reader
        }
        await #expect(throws: LinuxError.self) { try await reader.value }
    }
}
