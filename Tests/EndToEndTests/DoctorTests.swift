import Foundation
import TestSupport
import Testing

/// `imagelet doctor --registry`, against registries that are well and such that are not.
@Suite("The doctor and registries", .enabled(if: TestNode.isPossible, "\(TestNode.requirements)"))
struct DoctorTests {
    private struct Finding: Decodable {
        var check: String
        var verdict: String
        var found: String
        var advice: String
    }

    /// What the doctor finds of the registry, by check; and all it printed, to look for secrets in.
    private func examine(
        _ image: String, _ node: TestNode, _ arguments: [String] = []
    ) throws -> (findings: [String: Finding], text: String) {
        let outcome = node.run(
            ["doctor", "--registry", image, "-o", "json", "--config", node.directory + "/config.yaml"] + arguments)
        let all = try JSONDecoder().decode([Finding].self, from: Data(outcome.output.utf8))
        // This machine may have faults of its own.
        #expect((outcome.status == 1) == all.contains { $0.verdict == "bad" }, "\(outcome)")
        let ours = all.suffix(4)
        #expect(ours.map(\.check) == ["registry", "ranges", "referrers", "index"])
        return (Dictionary(uniqueKeysWithValues: ours.map { ($0.check, $0) }), outcome.output + outcome.errors)
    }

    private func verdicts(_ findings: [String: Finding]) -> [String?] {
        ["registry", "ranges", "referrers", "index"].map { findings[$0]?.verdict }
    }

    /// Pushes an image and has it indexed.
    private func push(_ name: String, to registry: TestRegistry, _ node: TestNode) throws -> String {
        try TestImage(layers: [.gzip(TestImage.bulk(1 << 20))]).push(to: registry, name)
        try node.index("\(registry.host)/\(name):v1")
        return "\(registry.host)/\(name):v1"
    }

    @Test("What a registry can do is told: ranges, referrers, index")
    func abilities() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = try push("well", to: registry, node)
                // Debian's registry is older than the referrers API.
                #expect(verdicts(try examine(image, node).findings) == ["good", "good", "note", "good"])

                try TestImage(layers: [.gzip(TestImage.bulk(1 << 20, seed: 2))]).push(to: registry, "bare")
                let bare = try examine("\(registry.host)/bare:v1", node).findings
                #expect(bare["index"]?.verdict == "note")
                #expect(bare["index"]?.advice.contains("imagelet index build") == true)

                let page = #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#
                let type = ["Content-Type": "application/vnd.oci.image.index.v1+json"]
                try await withFaultyProxy(
                    upstreamPort: registry.port,
                    faults: [
                        FaultRule(.ignoreRange, path: "/blobs/", range: ""),
                        FaultRule(.status(200, headers: type, body: page), path: "/referrers/"),
                    ]
                ) { proxy in
                    let findings = try examine("\(proxy.host)/well:v1", node).findings
                    #expect(verdicts(findings) == ["good", "warning", "good", "note"], "\(findings)")
                }
            }
        }
    }

    @Test("Credentials are tried: right ones, wrong ones, none, and those of the node")
    func credentials() async throws {
        let secret = "right-s3cret"
        try await withTestRegistry(.init(access: .basic(["user": secret]))) { registry in
            try await withNode { node in
                try await withTestRegistry { open in
                    _ = try push("private", to: open, node)
                    try Tool.check(["cp", "-a", open.directory + "/data", registry.directory + "/"])
                }
                let image = "\(registry.host)/private:v1"
                #expect(
                    verdicts(try examine(image, node, ["--creds", "user:\(secret)"]).findings)
                        == ["good", "good", "note", "good"])
                for login in [[], ["--creds", "user:wr0ng-s3cret"]] {
                    let (findings, text) = try examine(image, node, login)
                    #expect(verdicts(findings) == ["bad", "note", "note", "note"])
                    #expect(findings["registry"]?.found.contains("401") == true, "\(text)")
                    #expect(findings["registry"]?.advice.contains("credentials") == true)
                    #expect(!text.contains("s3cret"))
                }
                for (password, verdict) in [(secret, "good"), ("wr0ng-s3cret", "bad")] {
                    let login = Data("user:\(password)".utf8).base64EncodedString()
                    try FileManager.default.createDirectory(
                        atPath: node.directory + "/docker", withIntermediateDirectories: true)
                    try #"{"auths": {"\#(registry.host)": {"auth": "\#(login)"}}}"#.write(
                        toFile: node.directory + "/docker/config.json", atomically: true, encoding: .utf8)
                    let (findings, text) = try examine(image, node)
                    #expect(findings["registry"]?.verdict == verdict, "\(text)")
                    #expect(!text.contains("s3cret") && !text.contains(login))
                }
            }
        }
    }

    @Test("A registry that nobody answers for, and an image that is not there")
    func unreachable() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let dead = try LoopbackServer { _ in }
                let port = dead.port
                dead.stop()
                let unreachable = try examine("127.0.0.1:\(port)/any:v1", node).findings
                #expect(verdicts(unreachable) == ["bad", "note", "note", "note"])
                #expect(unreachable["registry"]?.found.contains("127.0.0.1:\(port)") == true, "\(unreachable)")
                let absent = try examine("\(registry.host)/absent:v1", node).findings
                #expect(verdicts(absent) == ["bad", "note", "note", "note"])
                #expect(absent["registry"]?.found.contains("absent") == true, "\(absent)")
            }
        }
    }

    @Test("A certificate that nobody trusts, and the CA that mends it")
    func untrusted() async throws {
        let scratch = try ScratchDirectory()
        let certificates = try TestCertificates(in: scratch.makeDirectory("certificates"))
        try await withTestRegistry(.init(certificates: certificates)) { registry in
            try await withNode { node in
                try await withTestRegistry { open in
                    _ = try push("sealed", to: open, node)
                    try Tool.check(["cp", "-a", open.directory + "/data", registry.directory + "/"])
                }
                let place = "\(node.directory)/certs.d/127.0.0.1_\(registry.port)_"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                let image = "\(registry.host)/sealed:v1"
                for (line, verdict) in [("", "bad"), ("ca = \"\(certificates.ca)\"\n", "good")] {
                    try "server = \"https://\(registry.host)\"\n\(line)".write(
                        toFile: place + "/hosts.toml", atomically: true, encoding: .utf8)
                    let (findings, text) = try examine(image, node)
                    #expect(findings["registry"]?.verdict == verdict, "\(text)")
                    if verdict == "bad" { #expect(findings["registry"]?.found.contains("CA") == true, "\(text)") }
                }
            }
        }
    }
}
