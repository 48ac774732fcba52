import Foundation
internal import OCI
import TestSupport
import Testing

/// imagelet's own part fails where containerd's does not: the node is no worse off than without imagelet, and says why.
@Suite(
    "Degradation on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements), .serialized,
    .containerNode("fill: {enabled: false}\nmetrics: {address: \"127.0.0.1:0\"}"))
struct ContainerdDegradationTests {
    /// What fails for imagelet, which alone reaches the registry through a proxy.
    enum Harm: String, CaseIterable, Sendable {
        case registryIsAway, manifestIsWrong, configIsMissing, tableFails, layerFails, layerIsWrong, databaseFails
        /// These cost the streaming and nothing else: imagelet fetches the layers whole.
        case indexIsWrong, tableIsWrong

        var isMended: Bool { self == .indexIsWrong || self == .tableIsWrong }
        var strategy: String { [.tableFails, .indexIsWrong, .tableIsWrong].contains(self) ? "stream" : "prefetch" }
    }

    /// A registry with one image, and what of it a fault can be about.
    private struct Target {
        let registry: TestRegistry
        let proxy: FaultyProxy
        let layer: TestImage.Layer
        var image: String { "\(registry.host)/image:v1" }

        init(_ harm: Harm, _ node: ContainerNode) async throws {
            registry = try await TestRegistry()
            proxy = try FaultyProxy(upstreamPort: registry.port)
            let seed = 300 + UInt64(Harm.allCases.firstIndex(of: harm) ?? 0)
            layer = try .gzip(TestImage.bulk(1 << 18, seed: seed))
            let manifest = try TestImage(layers: [.root(), layer]).push(to: registry, "image")
            let ofImage = try blobs
            let imagelet = try #require(node.imagelet)
            if harm.strategy == "stream" { try imagelet.index(image) }
            // Tables of contents are blobs; the index that names them is a manifest.
            let ofIndex = try blobs.subtracting(ofImage)
            let config = try ofImage.subtracting([manifest, layer.digest, TestImage.Layer.root().digest])
            let place = harm == .registryIsAway ? "127.0.0.1:1" : proxy.host
            let hosts = imagelet.directory + "/certs.d/\(registry.host)"
            try FileManager.default.createDirectory(atPath: hosts, withIntermediateDirectories: true)
            try "server = \"http://\(place)\"\n".write(
                toFile: hosts + "/hosts.toml", atomically: true, encoding: .utf8)
            switch harm {
            case .registryIsAway, .databaseFails: break
            case .manifestIsWrong: proxy.add(FaultRule(.corrupt(at: 20), path: "/manifests/v1"))
            case .configIsMissing:
                for blob in config { proxy.add(FaultRule(.status(404), path: "/blobs/\(blob)")) }
            case .layerFails: proxy.add(FaultRule(.status(500), path: "/blobs/" + (try layer.digest)))
            case .layerIsWrong: proxy.add(FaultRule(.corrupt(at: 1000), path: "/blobs/" + (try layer.digest)))
            case .tableFails:
                for blob in ofIndex { proxy.add(FaultRule(.status(503), path: "/blobs/\(blob)")) }
            case .tableIsWrong:
                for blob in ofIndex { proxy.add(FaultRule(.corrupt(at: 20), path: "/blobs/\(blob)")) }
            case .indexIsWrong:
                for blob in ofIndex { proxy.add(FaultRule(.corrupt(at: 20), path: "/manifests/\(blob)")) }
            }
        }

        /// Digests of all that the registry keeps.
        private var blobs: Set<String> {
            get throws {
                let root = registry.directory + "/data/docker/registry/v2/blobs/sha256"
                let groups = try FileManager.default.contentsOfDirectory(atPath: root)
                return try groups.reduce(into: []) { blobs, group in
                    let names = try FileManager.default.contentsOfDirectory(atPath: root + "/" + group)
                    blobs.formUnion(names.map { "sha256:" + $0 })
                }
            }
        }

        func stop() {
            proxy.stop()
            registry.stop()
        }
    }

    private func degradedCount(_ node: ContainerNode) async throws -> Double? {
        let address = try await #require(node.imagelet).metricsAddress()
        return value(#"imagelet_pulls_total{strategy="pull",reason="degraded"}"#, try get(address, "metrics"))
    }

    /// Warnings of the part that pulls about an image.
    private func warnings(_ image: String, _ node: ContainerNode) -> [Substring] {
        (node.imagelet?.daemon.log ?? "").split(separator: "\n").filter {
            $0.contains(" warning images: ") && $0.contains("image=\(image)")
        }
    }

    @Test("Whatever fails for imagelet alone makes a plain pull that works", arguments: Harm.allCases)
    func harm(_ harm: Harm) async throws {
        let node = try ContainerNode.shared
        let imagelet = try #require(node.imagelet)
        let target = try await Target(harm, node)
        defer { target.stop() }
        let before = try #require(try await degradedCount(node))
        func inDatabase(_ statement: String) throws {
            let program = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=60).execute(sys.argv[2])"
            try Tool.check(["python3", "-c", program, imagelet.root + "/state.db", statement])
        }
        if harm == .databaseFails {
            try inDatabase("CREATE TRIGGER harm BEFORE INSERT ON layer BEGIN SELECT RAISE(ABORT, 'harm'); END")
        }
        try await node.pull(target.image, harm.strategy)
        if harm == .databaseFails { try inDatabase("DROP TRIGGER harm") }
        let report = try #require(try node.report(target.image))
        let reasons = report.at("reasons").list.map(\.text)
        let count = try #require(try await degradedCount(node))
        if harm.isMended {
            #expect(report.at("strategy").text != "pull", "\(reasons)")
            #expect(count == before)
            #expect(try node.hasLayerDirectory(target.layer))
        } else {
            #expect(report.at("strategy").text == "pull")
            #expect(reasons.first?.hasPrefix("degraded") == true, "\(reasons)")
            #expect(count == before + 1)
            #expect(warnings(target.image, node).contains { $0.contains("degraded") })
            #expect(try !node.hasLayerDirectory(target.layer), "nothing is kept of what was begun")
        }
        try await node.expectRuns(target.image, with: target.layer)
    }

    @Test("What is wrong with a request is no failure of imagelet's", arguments: [false, true])
    func wrongRequest(isLocked: Bool) async throws {
        let node = try ContainerNode.shared
        try await withTestRegistry(.init(access: isLocked ? .basic(["user": "right"]) : .open)) { registry in
            let image = "\(registry.host)/absent:v1"
            let before = try await degradedCount(node)
            await #expect(throws: ForeignClient.Refusal.self) {
                try await node.pull(image, "prefetch", credentials: isLocked ? ("user", "wrong") : nil)
            }
            #expect(try await degradedCount(node) == before)
            #expect(warnings(image, node) == [])
        }
    }
}
