import LayerFS
import Layers
import Linux
import TestSupport
import Testing

/// What a root file system needs besides names and bytes works through the mount.
@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(1)))
struct PrivilegeTests {
    @Test func setuidCapabilitiesAndDevicesWork() async throws {
        let scratch = try ScratchDirectory()
        let program = try Path.read("/usr/bin/id", cap: 4 << 20)
        var maker = LayerMaker()
        maker.file("id", program, LayerMaker.Attributes(mode: 0o4755))
        maker.file(
            "capable", program,
            LayerMaker.Attributes(mode: 0o755, xattrs: [("security.capability", LayerMaker.netRaw)]))
        maker.device("zero", major: 1, minor: 5, LayerMaker.Attributes(mode: 0o666))
        maker.file("secret", "x", LayerMaker.Attributes(mode: 0o600))
        let layer = try CompleteLayer(tar: try scratch.write(maker.finished(), to: "layer.tar"))
        try await withStore(TestLayers([1: layer])) { store in
            let root = store.directory(ofSlot: 1)
            try await BlockingThread.run("reader") {
                func run(_ words: String...) throws -> String {
                    String(decoding: try Tool.check(words, in: root), as: UTF8.self)
                }
                let user = try run("setpriv", "--reuid=65534", "--clear-groups", "./id", "-u")
                #expect(user == "0\n")
                let capabilities = try run("getcap", "capable")
                #expect(capabilities.contains("cap_net_raw=ep"))
                let zeros = try run("sh", "-c", "head -c 3 zero | od -An -tx1")
                #expect(zeros == " 00 00 00\n")
                let secret = try Tool.run(["setpriv", "--reuid=65534", "--clear-groups", "cat", "secret"], in: root)
                #expect(secret.status != 0)
            }
        }
    }
}
