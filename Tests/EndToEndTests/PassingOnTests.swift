import Foundation
import TestSupport
import Testing

@Suite("What passes through to the runtime", .enabled(if: TestNode.isPossible, "\(TestNode.requirements)"))
struct PassingOnTests {
    /// Held against the same calls made without us, by passing_on.py, which is both the runtime and its client.
    @Test func everyByteAndAllMetadata() async throws {
        let scratch = try ScratchDirectory()
        let (runtime, snapshots) = (scratch.file("runtime.sock"), scratch.file("snapshots.sock"))
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("passing_on.py")
        let node = try await TestNode(
            "runtime: containerd", sockets: ["runtime: \(runtime)", "snapshots: \(snapshots)"])
        defer { node.tearDown() }
        let output = try await away {
            try Tool.run(["python3", script.path, runtime, node.directory + "/cri.sock"])
        }
        let text = String(decoding: output.output, as: UTF8.self)
        #expect(output.status == 0, "\(text)\n\(output.errors)")
        #expect(text.contains(" 0 failed"))
    }
}
