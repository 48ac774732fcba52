import Config
import Foundation
import Testing

@Suite("The sample file")
struct SampleTests {
    private func sample() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        return try String(contentsOf: root.appending(path: "manifests/config.yaml"), encoding: .utf8)
    }

    @Test("says what is the default anyway")
    func defaults() throws {
        let configuration = try ImageletConfiguration.parse(sample(), file: "config.yaml")
        #expect(configuration == ImageletConfiguration())
    }

    @Test("has every key, with what is allowed for it in the comment above")
    func everyKey() throws {
        let lines = try sample().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let keys = ImageletConfiguration.documentation
        #expect(keys.count == 48)
        for key in keys {
            let name = try #require(key.path.split(separator: ".").last)
            if key.path.contains("rules.") {
                #expect(lines.contains { $0.hasPrefix("  #   \(name) ") && $0.hasSuffix(key.allowed) }, "\(key.path)")
                continue
            }
            let indentation = String(repeating: "  ", count: key.path.split(separator: ".").count - 1)
            let places = lines.indices.filter { lines[$0].hasPrefix("\(indentation)\(name):") }
            #expect(places.count == 1, "\(key.path)")
            guard !key.allowed.isEmpty, let place = places.first else { continue }
            let above = lines[..<place].reversed().prefix { $0.hasPrefix(indentation + "#") }
            let isSaid = above.contains { $0.hasPrefix("\(indentation)# Allowed: \(key.allowed)") }
            #expect(isSaid, "\(key.path): \(key.allowed)")
        }
    }

    @Test("is what the types say")
    func isGenerated() throws {
        let text = try sample()
        for entry in ImageletConfiguration.referenceEntries where entry.isExplained {
            #expect(text.contains("\n" + entry.text), "\(entry.path): imagelet config reference >manifests/config.yaml")
        }
        let unexplained = ImageletConfiguration.referenceEntries.filter { !$0.isExplained }.map(\.path)
        if unexplained.isEmpty { #expect(text == ImageletConfiguration.reference) }
        #expect(
            try ImageletConfiguration.parse(ImageletConfiguration.reference, file: "reference")
                == ImageletConfiguration())
    }

    @Test("what is shown can be read again, and is the same")
    func rendering() throws {
        var configuration = ImageletConfiguration()
        let shown = try configuration.yaml
        #expect(try ImageletConfiguration.parse(shown, file: "shown") == configuration)
        let plain = try sample().split(separator: "\n").map(String.init).filter { line in
            !line.drop { $0 == " " }.hasPrefix("#")
        }
        let squeezed: ([String]) -> [String] = { $0.map { $0.replacingOccurrences(of: " ", with: "") } }
        #expect(squeezed(shown.split(separator: "\n").map(String.init)) == squeezed(plain))

        configuration.policy.streamThreshold = ByteCount(1001)
        var rule = ImageletConfiguration.Rule()
        rule.match = "**/a:b"
        rule.strategy = .pull
        configuration.policy.rules = [rule]
        configuration.runtimeHandlers = ["imagelet", "1"]
        configuration.idMappedMounts = true
        configuration.rootDirectory = "/with space: and #, \"quotes\" and é"
        configuration.registries.dockerConfig = "/root/.docker/config.json"
        configuration.registries.credentialProviders.config = "/etc/kubernetes/providers.yaml"
        configuration.registries.credentialProviders.binDirectory = "/usr/libexec/providers"
        configuration.registries.plainHTTPHosts = ["10.0.0.1:5000", "[::1]:5000", "123", "null", "true", "1e3", "0x10"]
        configuration.registries.hostsDirectories = []
        configuration.cache.maxBytes = ByteCount("20Gi")
        configuration.cache.minFreeBytes = ByteCount(0)
        configuration.cache.evictionThreshold = .size(ByteCount(1 << 33))
        configuration.fill.enabled = false
        configuration.layers.directMounts = false
        configuration.fill.quietPeriod = .milliseconds(61_001)
        configuration.traces.endpoint = "http://127.0.0.1:4318/v1/traces"
        configuration.metrics.address = .network(host: "::1", port: 9117)
        configuration.log.level = .trace
        configuration.log.levels[.registry] = .debug
        let again = try ImageletConfiguration.parse(configuration.yaml, file: "shown")
        #expect(again == configuration)
    }
}
