import Foundation
internal import OCI
import TestSupport
import Testing

/// containerd goes in the middle of a pull, or comes late to it.
@Suite("Absences of containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements))
struct ContainerdAbsenceTests {
    private let settings = "fill: {enabled: false}"

    /// - Returns: the layer that is not the root.
    private func push(_ strategy: String, to node: ContainerNode) throws -> TestImage.Layer {
        let bulk = try TestImage.Layer.gzip(TestImage.bulk(1 << 18))
        try TestImage(layers: [.root(), bulk]).push(to: node.registry, "image")
        if strategy == "stream" { try node.index("image") }
        return bulk
    }

    /// It has been offered the layers and told of the manifest, and waits for the config.
    @Test("Containerd is killed when it pulls what it was offered", arguments: ["stream", "prefetch"])
    func diesAfterTheOffer(strategy: String) async throws {
        try await withContainerNode(settings) { node in
            let layer = try push(strategy, to: node)
            let image = "\(node.registry.host)/image:v1"
            // It alone goes through the proxy; containerd 1.6 takes no file without a host table.
            let hosts = node.containerd.directory + "/certs.d/\(node.registry.host)"
            try FileManager.default.createDirectory(atPath: hosts, withIntermediateDirectories: false)
            try "server = \"http://\(node.proxy.host)\"\n[host.\"http://\(node.proxy.host)\"]\n".write(
                toFile: hosts + "/hosts.toml", atomically: true, encoding: .utf8)
            node.proxy.add(FaultRule(.stall(after: nil), path: "/v2/image/blobs/"))
            let pull = Task { try await node.pull(image, strategy) }
            try await eventually("containerd asks for the config") {
                node.requests(for: "image").contains(where: \.isForBlob)
            }
            #expect(try node.hasLayerDirectory(layer), "imagelet has done its part")
            node.containerd.kill()
            let outcome = await pull.result
            #expect(throws: ForeignClient.Refusal.self) { try outcome.get() }
            try await eventually("the failed pull has left nothing") { try !node.hasLayerDirectory(layer) }
            node.proxy.removeFaults()
            try await node.startContainerd()
            let id = try await node.pull(image, strategy)
            #expect(try await node.status(image)?.at("id").text == id)
            #expect(try node.report(image)?.at("strategy").text == strategy)
            try await node.expectRuns(image, with: layer)
            #expect(try node.requests(for: layer, of: "image").isEmpty, "the layers are imagelet's")
        }
    }

    /// Its socket is out of reach for a moment: how long a containerd takes to start nobody can promise.
    @Test func aPullWaitsForContainerd() async throws {
        try await withContainerNode(settings) { node in
            let imagelet = try #require(node.imagelet)
            let layer = try push("prefetch", to: node)
            let image = node.reference("image")
            let (socket, aside) = (node.containerd.socket, node.containerd.socket + ".aside")
            // No connection outlives this.
            try await imagelet.stop()
            try FileManager.default.moveItem(atPath: socket, toPath: aside)
            try await imagelet.start()
            try await eventually("containerd reaches the snapshotter") {
                let body: JSONValue = ["snapshotter": "imagelet", "key": "\(UUID().uuidString)"]
                return await code {
                    try await node.client.call(
                        "Snapshots/Prepare", body, at: aside, metadata: ["containerd-namespace": "probe"])
                } == "OK"
            }
            let pull = Task { try await node.pull(image, "prefetch") }
            try await eventually("the pull has begun") { !node.requests(for: "image").isEmpty }
            try FileManager.default.moveItem(atPath: aside, toPath: socket)
            let id = try await pull.value
            #expect(try await node.status(image)?.at("id").text == id)
            try await node.expectRuns(image, with: layer)
        }
    }
}
