import Foundation
import TestSupport
import Testing

@Suite("What the daemon logs", .enabled(if: TestNode.isPossible, "\(TestNode.requirements)"))
struct LogLineTests {
    @Test("Each request has one line with its outcome, well or not")
    func requests() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = "\(registry.host)/told:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(1 << 20))]).push(to: registry, "told")
                try node.pull(image)
                #expect(node.run("pull", "--quiet", "\(registry.host)/absent:v1").status == 3)
                let root = try node.mount(image)
                try await node.unmountWhenFree(root)
                #expect(node.run("unmount", node.directory).status != 0)

                func lines(_ method: String, _ words: String...) -> [Substring] {
                    node.daemon.log.split(separator: "\n").filter { line in
                        line.contains(" rpc.method=\(method)")
                            && words.allSatisfy { line.contains(" \($0)") }
                    }
                }
                try await eventually("the last line") { !lines("ReleaseMount").isEmpty }
                let pulled = lines("PullImage", "image=\(image)", "rpc.code=ok", "rpc.duration=")
                #expect(pulled.count == 1 && pulled[0].contains(" info cri: answered "), "\(pulled)")
                let refused = lines("PullImage", "image=\(registry.host)/absent:v1", "rpc.code=notFound", "error=")
                #expect(refused.count == 1 && refused[0].contains(" warning cri: refused "), "\(refused)")
                #expect(lines("PullImage").count == 2)
                #expect(lines("PrepareMount", "image=\(image)", "rpc.code=ok").count == 1)
                #expect(lines("CommitMount", "mount.target=\(root)", "rpc.code=ok").count == 1)
                #expect(!lines("ReleaseMount", "rpc.code=ok").isEmpty)
            }
        }
    }

    @Test("Where standard error is the journal, lines begin with what it takes for a level")
    func journal() async throws {
        try await withNode { node in
            let program = node.directory + "/under-the-journal"
            // As systemd tells it: the device and inode of standard error (systemd.exec(5)).
            try """
            #!/bin/sh
            JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2) exec "\(TestNode.binary)" "$@"
            """.write(toFile: program, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            try await node.stop()
            #expect(node.daemon.log.contains(" info daemon: serving "))
            node.program = program
            try await node.start()
            try node.check("images")
            _ = try await node.daemon.waitForLog("(<7>cri: answered .*ListImages)")
            let odd = node.daemon.log.split(separator: "\n").filter { $0.firstMatch(of: #/^<[2-7]>[a-z]+: /#) == nil }
            #expect(odd == [])
        }
    }
}
