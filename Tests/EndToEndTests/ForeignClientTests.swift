import Foundation
import TestSupport
import Testing

/// A client in another language, with another gRPC, checks the image service as critest would.
@Suite("A Python CRI client", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct ForeignClientTests {
    @Test func drivesEveryCall() async throws {
        try await withTestRegistry(.init(access: .open)) { registry in
            try await withNode { node in
                try await expectImageService(at: node.directory + "/cri.sock", pullingFrom: registry)
            }
        }
    }
}

/// Runs cri_client.py, all of whose checks have to pass.
/// - Parameter options: further ones of cri_client.py.
func expectImageService(at socket: String, pullingFrom registry: TestRegistry, _ options: String...) async throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("cri_client.py")
    try await withTestRegistry(.init(access: .basic(["user": "right"]))) { locked in
        let one = try TestImage.Layer.gzip(TestImage.bulk(1 << 18))
        let two = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: 2, name: "two"))
        try TestImage(layers: [one], user: "1002").push(to: registry, "first")
        try TestImage(layers: [two], user: "web").push(to: registry, "second")
        try TestImage(layers: [one, two]).push(to: registry, "third", tag: "latest")
        for tag in ["a", "b", "c"] {
            try TestImage(layers: [two, one]).push(to: registry, "same", tag: tag)
        }
        let host = registry.host
        let output = try Tool.run(
            [
                "python3", script.path, socket, "\(host)/first:v1", "\(host)/second:v1",
                "--latest", "\(host)/third", "--same-image", "\(host)/same:a", "\(host)/same:b", "\(host)/same:c",
                "--user", "\(host)/first:v1=1002", "--user", "\(host)/second:v1=web",
                "--refused", "\(locked.host)/first:v1", "--missing", "\(host)/first:nowhere",
            ] + options)
        let text = String(decoding: output.output, as: UTF8.self)
        #expect(output.status == 0, "\(text)\n\(output.errors)")
        #expect(text.contains(" 0 failed"))
    }
}
