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

    @Test("SIGHUP changes what can change, says what needs a restart, and survives nonsense")
    func hangUpSignal() async throws {
        try await withNode { node in
            // At level debug the daemon tells of each list of images.
            try node.check("images")
            _ = try await node.daemon.waitForLog("debug cri: (.*)ListImages")

            try rewrite(node, "log: {level: debug}", "log: {level: loud}")
            try hangUp(node)
            _ = try await node.daemon.waitForLog("error daemon: (configuration not read again).*loud")

            try rewrite(
                node, "log: {level: loud}",
                "log: {level: error, levels: {daemon: notice}}\ntraces: {endpoint: \"http://127.0.0.1:1/\"}")
            try hangUp(node)
            let line = try await node.daemon.waitForLog("notice daemon: configuration read again (.*)")
            #expect(
                line.contains(#"config.inForce="log.level (debug → error), log.levels.daemon (null → notice)""#),
                "\(line)")
            #expect(
                line.contains(#"config.needsRestart="traces.endpoint (null → http://127.0.0.1:1/)""#), "\(line)")

            // The levels are in force directly behind that line.
            try await eventually("the CRI's lines end") {
                let before = node.daemon.log
                try node.check("images")
                return !node.daemon.log.dropFirst(before.count).contains(" cri: ")
            }
        }
    }

    @Test("The command has it read again: decisions, fills and the cache's budget follow; nonsense is refused")
    func command() async throws {
        try await withTestRegistry { registry in
            try await withNode("fill: {enabled: false, quietPeriod: 0s}") { node in
                for (name, seed) in [("small", 1), ("large", 2), ("asked", 3)] as [(String, UInt64)] {
                    try TestImage(layers: [.gzip(TestImage.bulk(1 << 20, seed: seed))]).push(to: registry, name)
                }
                func reasons(_ name: String) throws -> [String] {
                    let image = "\(registry.host)/\(name):v1"
                    try node.pull(image)
                    return try node.inspect(image).reasons.map(\.code)
                }
                #expect(try reasons("small") == ["belowThreshold"])
                #expect(try node.check("config", "reload") == "nothing has changed\n")

                let rule = "policy: {streamThreshold: 0, rules: [{match: '**/asked', strategy: prefetch}]}"
                try rewrite(node, "fill: {enabled: false, ", rule + "\nfill: {enabled: false, ")
                let table = try node.check("config", "reload")
                #expect(
                    table.split(separator: "\n").map { $0.split(separator: " ").first } == [
                        "KEY", "policy.streamThreshold", "policy.rules",
                    ], "\(table)")
                #expect(try reasons("large") == ["noIndex"])
                #expect(try reasons("asked").first == "matchedRule")

                // Streams, and is not completed before somebody says so.
                let image = "\(registry.host)/streamed:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(2 << 20, seed: 4))]).push(to: registry, "streamed")
                try node.index(image)
                try node.pull(image, "stream")
                #expect(try node.inspect(image).layers[0].state == "streaming")
                try rewrite(node, Self.budget, "cache: {minFreeBytes: 0, evictionThreshold: 0%, maxBytes: 20Gi}")
                try rewrite(node, "fill: {enabled: false, ", "fill: {enabled: true, ")
                try node.check("config", "reload")
                #expect(try node.check("status", "-o", "json").contains("\(20 << 30)"))
                try await eventually("the fill, now allowed") {
                    try node.inspect(image).layers[0].state == "complete"
                }

                try rewrite(node, "fill: {enabled: true, ", "fill: {enabled: perhaps, ")
                let refused = node.run("config", "reload")
                #expect(refused.status == 4, "\(refused)")
                #expect(refused.errors.contains("fill.enabled: found 'perhaps'"), "\(refused)")
                #expect(refused.errors.contains("old configuration stays in force"))
            }
        }
    }

    private static let budget = "cache: {minFreeBytes: 0, evictionThreshold: 0%}"

    @Test("Levels change by part at run time, until the configuration is read again")
    func levels() async throws {
        try await withNode { node in
            let table = try node.check("log-level", "error", "cri=debug")
            let levels = table.split(separator: "\n").dropFirst().map { $0.split(separator: " ").map(String.init) }
            #expect(levels.first { $0[0] == "cri" }?[1] == "debug")
            #expect(levels.first { $0[0] == "registry" }?[1] == "error")
            #expect(levels.count == 7)
            #expect(try node.check("log-level") == table)
            let line = try await node.daemon.waitForLog("notice daemon: log levels changed (.*)")
            #expect(line.contains("log.level (debug → error), log.levels.cri (null → debug)"), "\(line)")

            try node.check("images")
            _ = try await node.daemon.waitForLog("debug cri: (.*)ListImages")
            #expect(try node.check("log-level", "--reset") != table)
            #expect(try node.check("log-level").contains("registry   debug"))
        }
    }
}
