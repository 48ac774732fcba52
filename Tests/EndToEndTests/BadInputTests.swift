import Foundation
import TestSupport
import Testing

/// What registries, networks and people can do wrong: each ends in a clear error, nothing is left, and the daemon goes on.
@Suite("Bad input", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct BadInputTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var rules: [FaultRule]
        /// Exit status of `imagelet pull`.
        var status: Int32
        /// What the error says.
        var says: String

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "401 again and again",
            rules: [FaultRule(.status(401, headers: ["WWW-Authenticate": "Basic realm=\"x\""]))], status: 4,
            says: "credentials"),
        Case(name: "403", rules: [FaultRule(.status(403))], status: 4, says: "403"),
        Case(name: "404 manifest", rules: [FaultRule(.status(404), path: "/manifests/")], status: 3, says: "404"),
        Case(name: "404 layer", rules: [FaultRule(.status(404), path: "/blobs/", skip: 1)], status: 3, says: ""),
        Case(
            name: "429 for ever", rules: [FaultRule(.status(429, headers: ["Retry-After": "0"]))], status: 5, says: ""),
        Case(name: "500 for ever", rules: [FaultRule(.status(500))], status: 5, says: "500"),
        Case(
            name: "corrupt manifest", rules: [FaultRule(.corrupt(at: 20), method: "GET", path: "/manifests/")],
            status: 1, says: "digest"),
        Case(
            name: "corrupt layer", rules: [FaultRule(.corrupt(at: 500), path: "/blobs/", skip: 1)], status: 1,
            says: ""),
        Case(
            name: "redirect loop", rules: [FaultRule(.redirect(to: .itself), path: "/blobs/")], status: 1,
            says: "redirect"),
        Case(
            name: "HTML for a manifest",
            rules: [
                FaultRule(
                    .status(200, headers: ["Content-Type": "text/html"], body: "<html>login</html>"),
                    path: "/manifests/")
            ], status: 1, says: ""),
        Case(
            name: "schema 1",
            rules: [
                FaultRule(
                    .status(
                        200, headers: ["Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws"],
                        body: #"{"schemaVersion":1,"fsLayers":[]}"#), path: "/manifests/")
            ], status: 4, says: "schema 1"),
        Case(
            name: "endless manifest", rules: [FaultRule(.endless, method: "GET", path: "/manifests/")], status: 1,
            says: ""),
    ]

    @Test("A registry that fails", arguments: cases)
    func failingRegistry(_ bad: Case) async throws {
        try await withTestRegistry { registry in
            try TestImage(layers: [.gzip(TestImage.bulk(1 << 18))]).push(to: registry, "bad")
            try await withFaultyProxy(upstreamPort: registry.port, faults: bad.rules) { proxy in
                try await withNode { node in
                    let image = "\(proxy.host)/bad:v1"
                    let outcome = node.run("pull", "--quiet", image)
                    #expect(outcome.status == bad.status, "\(outcome.errors)")
                    #expect(bad.says.isEmpty || outcome.errors.lowercased().contains(bad.says), "\(outcome.errors)")
                    #expect(outcome.errors.contains("imagelet: "))
                    #expect(node.layerDirectories == [])
                    #expect(try node.check("images", "--quiet") == "")
                    proxy.removeFaults()
                    try node.pull(image)
                }
            }
        }
    }

    static let survivable: [Case] = [
        Case(
            name: "truncated layer, then whole",
            rules: [FaultRule(.truncate(after: 1000), path: "/blobs/", skip: 1, times: 2)], status: 0, says: ""),
        Case(
            name: "reset in the body", rules: [FaultRule(.reset(after: 5000), path: "/blobs/", skip: 1, times: 2)],
            status: 0, says: ""),
        Case(name: "503 twice", rules: [FaultRule(.status(503), times: 2)], status: 0, says: ""),
        Case(name: "no ranges", rules: [FaultRule(.ignoreRange, path: "/blobs/", range: "")], status: 0, says: ""),
        Case(
            name: "short ranges", rules: [FaultRule(.shorten(to: 3000), path: "/blobs/", range: "", times: 20)],
            status: 0, says: ""),
        Case(
            name: "redirect to storage", rules: [FaultRule(.redirect(to: .storage()), method: "GET", path: "/blobs/")],
            status: 0, says: ""),
        Case(
            name: "signed URLs that expire",
            rules: [FaultRule(.redirect(to: .storage(uses: 2)), method: "GET", path: "/blobs/")], status: 0, says: ""),
    ]

    @Test("A registry that stumbles", arguments: survivable, ["stream", "prefetch"])
    func stumblingRegistry(_ bad: Case, strategy: String) async throws {
        try await withTestRegistry { registry in
            let bulk = TestImage.bulk(1 << 19)
            try TestImage(layers: [.gzip(bulk)]).push(to: registry, "bad")
            try await withNode { node in
                let direct = "\(registry.host)/bad:v1"
                try node.index(direct, spanSize: 32768)
                try await withFaultyProxy(upstreamPort: registry.port, faults: bad.rules) { proxy in
                    let image = "\(proxy.host)/bad:v1"
                    try node.pull(image, strategy)
                    let slot = try node.inspect(image).layers[0].slot
                    let scratch = try ScratchDirectory()
                    let truth = try scratch.makeDirectory("truth")
                    try Tool.check(["tar", "-C", truth, "-xf", "-"], input: bulk.finished())
                    for file in 0..<8 {
                        let name = "/bulk/file\(file)"
                        #expect(
                            try Data(contentsOf: URL(fileURLWithPath: "\(node.store)/\(slot)\(name)"))
                                == Data(contentsOf: URL(fileURLWithPath: truth + name)))
                    }
                }
            }
        }
    }

    @Test func refusedCredentialsRefuseAPresentImage() async throws {
        try await withTestRegistry(.init(access: .basic(["user": "right"]))) { registry in
            try await withTestRegistry { open in
                // The locked registry cannot be pushed to without credentials; it gets the same files on disk.
                try TestImage(layers: [.gzip(TestImage.bulk(1 << 16))]).push(to: open, "private")
                try Tool.check(["cp", "-a", open.directory + "/data", registry.directory + "/"])
            }
            try await withNode { node in
                let image = "\(registry.host)/private:v1"
                try node.check("pull", "--quiet", "--creds", "user:right", image)
                for wrong in [["--creds", "user:wrong"], []] {
                    let outcome = node.run(["pull", "--quiet"] + wrong + [image])
                    #expect(outcome.status == 4, "\(outcome.errors)")
                    #expect(!outcome.errors.contains("wrong\""))
                }
                #expect(try node.check("images", "--quiet").isEmpty == false)
            }
        }
    }

    @Test(
        "Names that are none",
        arguments: ["a b", "host:port:x/y", "", "Upper", "a@sha256:zz", "a/../b", String(repeating: "x", count: 600)])
    func badReferences(name: String) async throws {
        try await withNode { node in
            let outcome = node.run("pull", "--quiet", name)
            #expect(outcome.status == 2 || outcome.status == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains("imagelet: "))
            #expect(node.run("images").status == 0)
        }
    }

    @Test func aCancelledPullLeavesNothing() async throws {
        try await withTestRegistry { registry in
            try TestImage(layers: [.gzip(TestImage.bulk(4 << 20))]).push(to: registry, "slow")
            try await withFaultyProxy(
                upstreamPort: registry.port, faults: [FaultRule(.stall(after: 1000), path: "/blobs/", skip: 1)]
            ) { proxy in
                try await withNode { node in
                    let image = "\(proxy.host)/slow:v1"
                    let outcome = try Tool.run([
                        "env", "IMAGELET_ENDPOINT=unix://\(node.directory)/cri.sock",
                        "IMAGELET_ADMIN=unix://\(node.directory)/admin.sock", "timeout", "2", TestNode.binary, "pull",
                        "--quiet", image,
                    ])
                    #expect(outcome.status != 0)
                    _ = try await node.daemon.waitForLog("(rpc.code=cancelled)")
                    // The caller is answered at once; clearing away ends a moment later.
                    for _ in 0..<500 where node.layerDirectories != [] {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    #expect(node.layerDirectories == [])
                    #expect(try node.check("images", "--quiet") == "")
                    proxy.removeFaults()
                    try node.pull(image)
                }
            }
        }
    }
}
