import Foundation
internal import OCI
import TestSupport
import Testing

/// The ground that the other tests with containerd stand on: containerd alone, without imagelet.
@Suite("Containerd alone", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements), .plainContainerNode)
struct PlainContainerdTests {
    @Test func aContainerIsTheTreeThatContainerdUnpacks() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("plain")
        try TestImage(layers: [.root(), .hidden(), .gzip(.oddities(forContainerd: true))]).push(
            to: node.registry, "plain")
        let id = try await node.pull(image)
        #expect(try await node.status(image)?.at("id").text == id)
        try await node.withPod { pod in
            let container = try await node.start(
                image, ["/bin/sh", "-c", "echo out; exec sleep 1000000"], in: pod)
            #expect(try await node.exec("/bin/cat", "/proc/1/comm", in: container) == "sleep\n")
            try await eventually("the log has a line") { node.log(in: pod).hasSuffix("stdout F out\n") }
            let differences = try node.differences(of: container, from: image)
            #expect(differences == [])
        }
    }

    @Test func whatItDoesNotKnowIsUnimplemented() async throws {
        let node = try ContainerNode.shared
        for method in ["StreamImages", "GetContainerEvents", "/runtime.v1.RuntimeService/FutureMethod"] {
            #expect(await code { try await node.client.call(method, at: node.containerd.socket) } == "UNIMPLEMENTED")
        }
    }

    @Test func itsImageServiceIsWhatOursIsHeldAgainst() async throws {
        let node = try ContainerNode.shared
        let images = try ImageServiceImages(to: node.registry)
        try await expectImageService(
            at: node.containerd.socket,
            images.arguments(host: node.proxy.host, secondHost: node.registry.host) + ["--containerd"])
    }
}
