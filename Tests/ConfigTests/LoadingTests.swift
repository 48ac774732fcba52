import Config
import Foundation
import Testing

@Suite("Files and drop-ins")
struct LoadingTests {
    private static let header = "apiVersion: imagelet.dev/v1alpha1\nkind: ImageletConfiguration\n"

    /// Writes the files, drop-ins as `config.d/…`, and loads `config.yaml` among them.
    private func load(_ files: [String: String]) throws -> ImageletConfiguration {
        let root = NSTemporaryDirectory() + "imagelet-config-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root + "/config.d", withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(root)/\(name)")) }
        do {
            return try ImageletConfiguration.load(path: root + "/config.yaml")
        } catch {
            throw ConfigError(
                error.code, file: error.file.replacingOccurrences(of: root + "/", with: ""), line: error.line,
                key: error.key, error.problem.replacingOccurrences(of: root + "/", with: ""))
        }
    }

    @Test("a file with only a header is the defaults")
    func defaults() throws {
        let configuration = try load(["config.yaml": Self.header])
        #expect(configuration == ImageletConfiguration())
    }

    @Test("drop-ins are laid over it by name: maps merge, lists and values replace")
    func dropIns() throws {
        let rules = "rules: [{match: a, strategy: stream}, {match: b, strategy: pull}]"
        let configuration = try load([
            "config.yaml": Self.header + "policy: {streamThreshold: 1Mi, smallLayer: 2Mi, \(rules)}\n",
            "config.d/20-b.yaml": "policy:\n  streamThreshold: 20Mi\nregistries:\n  dockerConfig: /b\n",
            "config.d/10-a.yaml": Self.header
                + "policy: {streamThreshold: 10Mi, rules: [{match: c, strategy: prefetch}]}\nlog: {level: debug}\n",
            "config.d/30-c.yaml": "policy:\n  rules:\n  #  - match: d\nlog:\nregistries: {dockerConfig: null}\n",
            "config.d/40-empty.yaml": "# nothing\n",
            "config.d/50-note.yml": "this is: [not read",
            "config.d/.60-hidden.yaml": "this is: [not read",
            "config.d/README": "nor this",
        ])
        #expect(configuration.policy.streamThreshold == .mebibytes(20))
        #expect(configuration.policy.smallLayer == .mebibytes(2))
        #expect(configuration.policy.rules.map(\.match) == ["c"])
        #expect(configuration.policy.rules.map(\.strategy) == [.prefetch])
        #expect(configuration.log.level == .debug)
        #expect(configuration.registries.dockerConfig == nil)
    }

    @Test("an error names the file it is in, even if a later file paints it over")
    func blame() throws {
        let bad = #expect(throws: ConfigError.self) {
            try load([
                "config.yaml": Self.header + "fill: {enabled: maybe}\n", "config.d/1.yaml": "fill: {enabled: true}\n",
            ])
        }
        #expect(bad?.message == "config.yaml:3: fill.enabled: found 'maybe'; allowed: true or false")
        let dropIn = #expect(throws: ConfigError.self) {
            try load(["config.yaml": Self.header, "config.d/1.yaml": "fill:\n  enable: true\n"])
        }
        #expect(dropIn?.file == "config.d/1.yaml")
        #expect(dropIn?.line == 2)
        let kind = #expect(throws: ConfigError.self) {
            try load(["config.yaml": Self.header, "config.d/1.yaml": "kind: Pod\n"])
        }
        #expect(kind?.message == "config.d/1.yaml:1: kind: found 'Pod'; allowed: ImageletConfiguration")
    }

    @Test("files that cannot be read")
    func unreadable() throws {
        let missing = #expect(throws: ConfigError.self) { try load(["config.d/1.yaml": "log: {level: debug}"]) }
        #expect(missing?.message == "config.yaml: there is no such file")
        let device = #expect(throws: ConfigError.self) { try ImageletConfiguration.load(path: "/dev/zero") }
        #expect(device?.message == "/dev/zero: not a regular file")
        let directory = #expect(throws: ConfigError.self) { try ImageletConfiguration.load(path: "/etc") }
        #expect(directory?.code == .unreadable)
        let large = #expect(throws: ConfigError.self) {
            try load(["config.yaml": Self.header + String(repeating: "#", count: 1 << 20)])
        }
        #expect(large?.message == "config.yaml: larger than 1Mi")
    }

    @Test("bytes that are not UTF-8, and a link to the real file")
    func encodingAndLink() throws {
        let root = NSTemporaryDirectory() + "imagelet-config-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let path = root + "/config.yaml"
        try (Data(Self.header.utf8) + Data([0xFF, 0xFE])).write(to: URL(filePath: path))
        let error = #expect(throws: ConfigError.self) { try ImageletConfiguration.load(path: path) }
        #expect(error?.message == "\(path): not UTF-8 text")

        try FileManager.default.removeItem(atPath: path)
        try Data((Self.header + "log: {level: error}").utf8).write(to: URL(filePath: root + "/..data"))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "..data")
        #expect(try ImageletConfiguration.load(path: path).log.level == .error)
    }
}
