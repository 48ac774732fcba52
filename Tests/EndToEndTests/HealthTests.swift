import Foundation
import TestSupport
import Testing

@Suite("Health of a node", .enabled(if: TestNode.isPossible, "\(TestNode.requirements)"))
struct HealthTests {
    @Test("A node without its runtime lives, is not ready, and says why; over gRPC, too")
    func runtimeIsAway() async throws {
        let scratch = try ScratchDirectory()
        let sockets = ["runtime: \(scratch.file("absent.sock"))", "snapshots: \(scratch.file("snapshots.sock"))"]
        let node = try await TestNode(
            "runtime: containerd\nmetrics: {address: \"unix:\(scratch.file("web.sock"))\"}", sockets: sockets)
        defer { node.tearDown() }
        _ = try await node.daemon.waitForLog("(metrics and health at hand)")
        func get(_ path: String) throws -> (status: String, body: String) {
            let answer = try Tool.check([
                "curl", "-sS", "--max-time", "60", "--unix-socket", scratch.file("web.sock"), "-w", "%{http_code}",
                "http://node/\(path)",
            ])
            let text = String(decoding: answer, as: UTF8.self)
            return (String(text.suffix(3)), String(text.dropLast(3)))
        }
        #expect(try get("livez") == ("200", "[+]store ok\nlivez check passed\n"))
        let ready = try get("readyz")
        #expect(ready.status == "503")
        #expect(ready.body.contains("[+]store ok\n[+]database ok\n[+]disk ok\n[-]runtime failed: "), "\(ready.body)")
        #expect(ready.body.hasSuffix("readyz check failed\n"))
        #expect(try check(node) == "b'\\x08\\x02'\n")
    }

    @Test("Over gRPC a node that is well serves")
    func serving() async throws {
        try await withNode { node in
            let answer = try check(node)
            #expect(answer == "b'\\x08\\x01'\n")
        }
    }

    /// The answer to grpc.health.v1.Health/Check about the image service, as bytes: field 1 is 1 if it serves, 2 if not.
    private func check(_ node: TestNode) throws -> String {
        let program = """
            import grpc, sys
            channel = grpc.insecure_channel(sys.argv[1], options=[("grpc.default_authority", "localhost")])
            same = lambda message: message
            name = b"runtime.v1.ImageService"
            request = b"\\x0a" + bytes([len(name)]) + name
            print(channel.unary_unary("/grpc.health.v1.Health/Check", same, same)(request, timeout=60))
            """
        return String(
            decoding: try Tool.check(["python3", "-c", program, "unix:\(node.directory)/cri.sock"]), as: UTF8.self)
    }
}
