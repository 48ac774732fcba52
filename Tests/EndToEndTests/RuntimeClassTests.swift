import Foundation
internal import OCI
import TestSupport
import Testing

/// imagelet for the pods of one RuntimeClass. containerd 1.6 has one snapshotter for all handlers: what is seen here is that only pulls
/// for the handler are prepared, and that pods of both handlers run; which snapshotter a handler has is 1.7's to tell.
@Suite(
    "RuntimeClass", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode("fill: {enabled: false}\nruntimeHandlers: [imagelet]"))
struct RuntimeClassTests {
    private func push(_ repository: String, seed: UInt64, to node: ContainerNode) throws {
        try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 18, seed: seed))]).push(to: node.registry, repository)
        try node.index(repository)
    }

    @Test("a pull for the handler is prepared", arguments: ["field", "annotation"])
    func handled(by way: String) async throws {
        let node = try ContainerNode.shared
        let repository = "handled-\(way)"
        try push(repository, seed: UInt64(way.utf8.count) + 300, to: node)
        let image = node.reference(repository)
        var spec: [String: JSONValue] = ["image": "\(image)"]
        var annotations: [String: JSONValue] = ["imagelet.dev/strategy": "stream"]
        if way == "field" {
            spec["runtime_handler"] = "imagelet"
        } else {
            annotations["io.containerd.cri.runtime-handler"] = "imagelet"
        }
        spec["annotations"] = .object(annotations)
        _ = try await node.client.call("PullImage", ["image": .object(spec)], at: node.imageSocket)
        #expect(try node.report(image)?.at("strategy").text == "stream")
        try await node.withPod(handler: "imagelet") { pod in
            let container = try await node.start(image, in: pod)
            #expect(try await node.exec("/bin/cat", "/proc/1/comm", in: container) == "sleep\n")
        }
    }

    @Test("a pull for another is the runtime's own, and says why")
    func unhandled() async throws {
        let node = try ContainerNode.shared
        try push("unhandled", seed: 320, to: node)
        let image = node.reference("unhandled")
        try await node.pull(image, "stream")
        let report = try #require(try node.report(image))
        #expect(report.at("strategy").text == "pull")
        #expect(report.at("reasons").list.contains { $0.text.hasPrefix("runtimeNotAttached") })
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            #expect(try await node.exec("/bin/cat", "/proc/1/comm", in: container) == "sleep\n")
        }
    }
}
