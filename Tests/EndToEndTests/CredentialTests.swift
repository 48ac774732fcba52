import Foundation
import TestSupport
import Testing

/// Private images that are read long after the pull that brought the credentials.
@Suite("Credentials for the life of a pod", .enabled(if: TestNode.isPossible, "\(TestNode.requirements)"))
struct CredentialTests {
    private static let secret = "s3cret-of-the-pull"
    private static let fill = "fill: {enabled: false}"

    /// Runs `body` with an image that streams: its files in a registry that is open while it is made and locked as `access` says then.
    private func withPrivateImage(
        _ access: TestRegistry.Options.Access, files: Int = 8, repositories: [String] = ["private"],
        _ settings: String = fill, _ body: (TestRegistry, TestNode, _ truth: String) async throws -> Void
    ) async throws {
        try await withTestRegistry(.init(access: access)) { registry in
            try await withNode(settings) { node in
                let bulk = TestImage.bulk(files << 18, files: files)
                try await withTestRegistry { open in
                    for repository in repositories {
                        let image = "\(open.host)/\(repository):v1"
                        try TestImage(layers: [.gzip(bulk)]).push(to: open, repository)
                        try node.index(image)
                    }
                    try Tool.check(["cp", "-a", open.directory + "/data", registry.directory + "/"])
                }
                let scratch = try ScratchDirectory()
                let truth = try scratch.makeDirectory("truth")
                try Tool.check(["tar", "-C", truth, "-xf", "-"], input: bulk.finished())
                try await body(registry, node, truth)
            }
        }
    }

    private func pull(_ image: String, _ node: TestNode, creds: String?) -> TestNode.Outcome {
        let login = creds.map { ["--creds", $0] } ?? []
        return node.run(["pull", "--quiet", "--annotation", "imagelet.dev/strategy=stream"] + login + [image])
    }

    /// The bytes of one file, or nil if the read fails.
    private func read(_ number: Int, _ image: String, _ node: TestNode) throws -> Data? {
        let slot = try node.inspect(image).layers[0].slot
        return try? Data(contentsOf: URL(fileURLWithPath: "\(node.store)/\(slot)/bulk/file\(number)"))
    }

    private func expected(_ number: Int, _ truth: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(truth)/bulk/file\(number)"))
    }

    @Test func coldDataIsReadAfterACrashWithTheCredentialsOfThePull() async throws {
        try await withPrivateImage(.basic(["user": Self.secret])) { registry, node, truth in
            let image = "\(registry.host)/private:v1"
            #expect(pull(image, node, creds: "user:\(Self.secret)").status == 0)
            #expect(try node.inspect(image).strategy == "stream")
            try await node.crashAndRestart()
            #expect(try read(0, image, node) == expected(0, truth))

            // Neither the database nor a log tells the secret, however it may be written.
            let encoded = Data("user:\(Self.secret)".utf8).base64EncodedString()
            for name in ["root/state.db", "root/state.db-wal", "daemon.log"] {
                let path = node.directory + "/" + name
                guard FileManager.default.fileExists(atPath: path) else { continue }
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                for text in [Self.secret, encoded] { #expect(bytes.range(of: Data(text.utf8)) == nil, "\(name)") }
            }
            let key = try FileManager.default.attributesOfItem(atPath: node.root + "/key")
            #expect(key[.posixPermissions] as? Int == 0o600)
            #expect(key[.size] as? Int == 32)
        }
    }

    @Test func theImageCanBeGoneWhileItIsMounted() async throws {
        try await withPrivateImage(.basic(["user": Self.secret])) { registry, node, truth in
            let image = "\(registry.host)/private:v1"
            #expect(pull(image, node, creds: "user:\(Self.secret)").status == 0)
            let slot = try node.inspect(image).layers[0].slot
            _ = try node.mount(image)
            try node.check("rm", image)
            try await node.crashAndRestart()
            let read = try Data(contentsOf: URL(fileURLWithPath: "\(node.store)/\(slot)/bulk/file1"))
            #expect(try read == expected(1, truth))
        }
    }

    @Test func withoutTheKeyTheStartIsCleanAndStatusNamesTheImageUntilThePullThatMendsIt() async throws {
        try await withPrivateImage(.basic(["user": Self.secret])) { registry, node, truth in
            let image = "\(registry.host)/private:v1"
            #expect(pull(image, node, creds: "user:\(Self.secret)").status == 0)
            #expect(try !node.check("status").contains("credentials refused"))
            node.daemon.stop()
            try FileManager.default.removeItem(atPath: node.root + "/key")
            try await node.start()
            #expect(try read(2, image, node) == nil)
            let status = try node.check("status")
            let line = status.split(separator: "\n").first { $0.contains("credentials refused") }
            #expect(line?.hasPrefix(image) == true, "\(status)")
            #expect(pull(image, node, creds: "user:\(Self.secret)").status == 0)
            #expect(try read(2, image, node) == expected(2, truth))
            #expect(try !node.check("status").contains("credentials refused"))
        }
    }

    @Test func aPullWithWrongCredentialsOrFromElsewhereBreaksNothing() async throws {
        try await withPrivateImage(
            .basic(["user": Self.secret]), repositories: ["private", "other"]
        ) { registry, node, truth in
            let image = "\(registry.host)/private:v1"
            #expect(pull(image, node, creds: "user:\(Self.secret)").status == 0)
            for wrong in ["user:wrong", nil] { #expect(pull(image, node, creds: wrong).status == 4) }
            #expect(try read(0, image, node) == expected(0, truth))
            // Somebody else offers the same layer, and goes away: what is read comes from where it always came from.
            try await withTestRegistry { elsewhere in
                try Tool.check(["cp", "-a", registry.directory + "/data", elsewhere.directory + "/"])
                #expect(pull("\(elsewhere.host)/other:v1", node, creds: nil).status == 0)
            }
            #expect(try read(1, image, node) == expected(1, truth))
            try await node.crashAndRestart()
            #expect(try read(2, image, node) == expected(2, truth))
        }
    }

    @Test func tokensThatExpireAreRenewedWithoutAFailedRead() async throws {
        let scratch = try ScratchDirectory()
        let server = try TokenServer(
            .init(users: ["user": Self.secret], expiresIn: 1), certificates: try TestCertificates(in: scratch.path))
        defer { server.stop() }
        try await withPrivateImage(.token(server), files: 24) { registry, node, truth in
            let image = "\(registry.host)/private:v1"
            #expect(pull(image, node, creds: "user:\(Self.secret)").status == 0)
            let before = server.exchanges.count
            var next = 0
            // As long as there is cold data, each read needs a token, and those get old meanwhile.
            try await eventually("three tokens or all files") {
                guard next < 24, server.exchanges.count < before + 3 else { return true }
                let bytes = try read(next, image, node)
                #expect(try bytes == expected(next, truth))
                next += 1
                try await Task.sleep(for: .milliseconds(300))
                return false
            }
            #expect(server.exchanges.count > before)
            #expect(server.exchanges.allSatisfy { $0.status == 200 })
        }
    }

    @Test func aProviderPluginIsAskedAndItsAnswerRenewed() async throws {
        let scratch = try ScratchDirectory()
        let version = "credentialprovider.kubelet.k8s.io/v1"
        try await withPrivateImage(.basic(["user": Self.secret])) { registry, node, truth in
            // Gives what stands in a file, and notes what it was asked.
            try scratch.write(
                Array("#!/bin/sh\ncat >> '\(scratch.file("asked"))'\ncat '\(scratch.file("answer"))'\n".utf8),
                to: "plugin")
            try Tool.check(["chmod", "+x", scratch.file("plugin")])
            func give(_ password: String) throws {
                let auth = #"{"\#(registry.host)":{"username":"user","password":"\#(password)"}}"#
                let head = #""kind":"CredentialProviderResponse","apiVersion":"\#(version)","cacheKeyType":"Registry""#
                try scratch.write(Array("{\(head),\"auth\":\(auth)}".utf8), to: "answer")
            }
            try give("old")
            let providers = """
                {kind: CredentialProviderConfig, apiVersion: kubelet.config.k8s.io/v1, providers: [{name: plugin,
                matchImages: ["*.*.*.*:\(registry.port)"], defaultCacheDuration: 1h, apiVersion: \(version)}]}
                """
            try scratch.write(Array(providers.utf8), to: "providers.yaml")
            let dropIns = node.directory + "/config.d"
            try FileManager.default.createDirectory(atPath: dropIns, withIntermediateDirectories: true)
            let keys = "{config: \(scratch.file("providers.yaml")), binDirectory: \(scratch.path)}"
            try "registries: {credentialProviders: \(keys)}".write(
                toFile: dropIns + "/providers.yaml", atomically: true, encoding: .utf8)
            try await node.restart()

            let image = "\(registry.host)/private:v1"
            #expect(pull(image, node, creds: nil).status == 4)
            try give(Self.secret)
            try await eventually("the plugin is asked again") { pull(image, node, creds: nil).status == 0 }
            let asked = try String(contentsOfFile: scratch.file("asked"), encoding: .utf8)
            #expect(asked.contains("\"\(registry.host)/private\""))
            #expect(try read(0, image, node) == expected(0, truth))
            try await node.crashAndRestart()
            #expect(try read(1, image, node) == expected(1, truth))
            #expect(!node.daemon.log.contains(Self.secret))
        }
    }
}
