import Config
import Testing

@Suite("What differs between two configurations")
struct ChangesTests {
    private func change(_ edit: (inout ImageletConfiguration) -> Void) -> [KeyChange] {
        var new = ImageletConfiguration()
        edit(&new)
        return new.changes(since: ImageletConfiguration())
    }

    @Test("is told by key, with both values, and whether a running daemon follows")
    func told() throws {
        #expect(change { _ in } == [])
        let changes = change {
            $0.rootDirectory = "/x"
            $0.policy.streamThreshold = .mebibytes(1)
            $0.registries.plainHTTPHosts = ["a:1", "b"]
            $0.registries.dockerConfig = "/c"
            $0.log.levels[.cri] = .debug
        }
        #expect(
            changes.map(\.description) == [
                "rootDirectory (/var/lib/imagelet → /x)", "policy.streamThreshold (250Mi → 1Mi)",
                "registries.dockerConfig (null → /c)", "registries.plainHTTPHosts ([] → [a:1, b])",
                "log.levels.cri (null → debug)",
            ])
        #expect(changes.map(\.isLive) == [false, true, false, true, true])
    }

    @Test("a list counts as one value, and a long one is shortened")
    func lists() throws {
        var rule = ImageletConfiguration.Rule()
        rule.match = "**/app"
        #expect(
            change { $0.policy.rules = [rule] }.map(\.description)
                == ["policy.rules ([] → [{match: **/app, strategy: stream}])"])
        let long = try #require(change { $0.policy.rules = Array(repeating: rule, count: 1000) }.first)
        #expect(long.new.count == 120 && long.new.hasSuffix("…"))
    }

    @Test("keys that take a restart are those that parts are built by")
    func restart() {
        let names = ImageletConfiguration.documentation.filter { !$0.isLive && !$0.allowed.isEmpty }.map(\.path)
        #expect(
            names == [
                "rootDirectory", "runtime", "idMappedMounts", "sockets.cri", "sockets.admin", "sockets.snapshots",
                "sockets.runtime",
                "registries.dockerConfig", "registries.credentialProviders.config",
                "registries.credentialProviders.binDirectory", "layers.directMounts", "metrics.address",
                "traces.endpoint",
            ])
    }
}
