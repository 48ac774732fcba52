import Foundation
import TestSupport
import Testing

/// A client in another language, with another gRPC, checks the image service as critest would.
@Suite("A Python CRI client", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct ForeignClientTests {
    @Test func drivesEveryCall() async throws {
        try await withTestRegistry { registry in
            let images = try ImageServiceImages(to: registry)
            try await withNode { node in
                try await expectImageService(
                    at: node.directory + "/cri.sock",
                    images.arguments(host: registry.host, secondHost: "localhost:\(registry.port)"))
            }
        }
    }
}

/// Runs cri_client.py, all of whose checks have to pass.
/// - Parameter arguments: all but the socket and an image that nobody may pull.
func expectImageService(at socket: String, _ arguments: [String]) async throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("cri_client.py")
    try await withTestRegistry(.init(access: .basic(["user": "right"]))) { locked in
        let output = try Tool.run(
            ["python3", script.path, socket] + arguments + ["--refused", "\(locked.host)/first:v1"])
        let text = String(decoding: output.output, as: UTF8.self)
        #expect(output.status == 0, "\(text)\n\(output.errors)")
        #expect(text.contains(" 0 failed"))
    }
}
