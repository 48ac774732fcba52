import Foundation
import Glibc
import TestSupport
import Testing

@Suite(
    "Reading the configuration again", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct ReloadTests {
    private func rewrite(_ node: TestNode, _ old: String, _ new: String) throws {
        let path = node.directory + "/config.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func hangUp(_ node: TestNode) throws {
        let status = try JSONDecoder().decode(Status.self, from: Data(node.check("status", "-o", "json").utf8))
        kill(status.daemon.processId, SIGHUP)
    }

    @Test("SIGHUP changes the levels of log lines, says what needs a restart, and survives nonsense")
    func levels() async throws {
        try await withNode { node in
            // At level debug the daemon tells of each list of images.
            try node.check("images")
            _ = try await node.daemon.waitForLog("debug cri: (.*)ListImages")

            try rewrite(node, "log: {level: debug}", "log: {level: loud}")
            try hangUp(node)
            _ = try await node.daemon.waitForLog("error daemon: (configuration not read again).*loud")

            try rewrite(
                node, "log: {level: loud}", "log: {level: error, levels: {daemon: notice}}\nfill: {enabled: false}")
            try hangUp(node)
            let line = try await node.daemon.waitForLog("notice daemon: configuration read again (.*)")
            #expect(line.contains(#"config.inForce="log.level, log.levels.daemon""#), "\(line)")
            #expect(line.contains("config.needsRestart=fill.enabled"), "\(line)")

            // The levels are in force directly behind that line.
            try await eventually("the CRI's lines end") {
                let before = node.daemon.log
                try node.check("images")
                return !node.daemon.log.dropFirst(before.count).contains(" cri: ")
            }
        }
    }
}
