import Foundation
internal import OCI
import TestSupport
import Testing

/// A runtime on containers/storage takes our layers from the listing: podman in CRI-O's place (podman_runtime.py).
@Suite("Images on containers/storage", .serialized, .enabled(if: PodmanNode.isPossible, PodmanNode.requirements))
struct StorageImageTests {
    @Test("The runtime fetches no layer, and the image is its own", arguments: ["stream", "prefetch"])
    func taken(strategy: String) async throws {
        try await withPodmanNode { node in
            let image = node.reference("taken")
            let layers: [TestImage.Layer] = [
                try .root(), try .hidden(), try .gzip(.oddities(forContainerd: true, hasDuplicates: false)),
                try .gzip(TestImage.bulk(1 << 20)),
            ]
            try TestImage(layers: layers).push(to: node.registry, "taken")
            if strategy == "stream" { try node.index("taken") }
            // What an ordinary pull makes of it, at a node without us.
            let plain = try TestPodman(hosts: [node.registry.host])
            defer { plain.tearDown() }
            try plain.podman("pull", "--quiet", "\(node.registry.host)/taken:v1")

            let id = try await node.pull(image, strategy)
            #expect(try node.runtimesBlobs("taken", layers).isEmpty)
            #expect(try node.outcome(image) == "\(strategy) requestedByPod")
            let truth = try plain.podman("images", "--no-trunc", "--quiet").split(separator: ":").last
            #expect(id == truth?.trimmingCharacters(in: .whitespacesAndNewlines))
            #expect(try await node.call("ListImages").at("images").list.map { $0.at("id").text } == [id])
            #expect(try node.ownLayers().isEmpty)
            let theirs = try String(contentsOfFile: plain.graphRoot + "/overlay-layers/layers.json", encoding: .utf8)
            #expect(
                try node.listing() == Set(JSONValue(parsing: theirs)?.list.map { $0.at("id").text } ?? []))

            let containers = try (
                node.podman.run(image), plain.run("\(node.registry.host)/taken:v1")
            )
            #expect(try node.exec(containers.0, ["/bin/cat", "/bulk/file3"]).utf8.count > 1 << 16)
            let ours = try TreeSnapshot(of: node.rootfs(of: containers.0))
            let expected = try TreeSnapshot(
                of: plain.podman("mount", containers.1).trimmingCharacters(in: .whitespacesAndNewlines))
            let differences = expected.differences(from: ours).filter { line in
                guard let path = line.split(separator: ":").first else { return true }
                // containers/storage gives the root directory a mode of its own, and drops attributes without a value.
                if path == "." || line.hasSuffix("xattr user.empty is , expected not there") { return false }
                guard line.contains(": time is") else { return true }
                // Directories that no entry names have the time of the unpack; others the runtime touches itself.
                return !LayerMaker.hasUncertainTime(String(path))
                    && !Self.madeAtStart.contains(path.prefix { $0 != "/" })
            }
            #expect(differences == [])
        }
    }

    /// Where a runtime puts files of its own at a container's start.
    private static let madeAtStart: Set<Substring> = ["dev", "etc", "proc", "run", "sys"]

    @Test func containersGoOnWithoutTheDaemon() async throws {
        try await withPodmanNode { node in
            let image = node.reference("survivor")
            try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 20))]).push(to: node.registry, "survivor")
            try node.index("survivor")
            try await node.pull(image, "stream")
            #expect(try node.outcome(image) == "stream requestedByPod")
            let container = try node.podman.run(image)
            #expect(try node.exec(container, ["/bin/sha256sum", "/bulk/file0"]).hasSuffix("/bulk/file0\n"))
            try await node.imagelet.crashAndRestart()
            #expect(try node.exec(container, ["/bin/sha256sum", "/bulk/file7"]).hasSuffix("/bulk/file7\n"))
            // And new ones are made of what is listed still.
            #expect(try node.output(image, "/bin/echo", "again") == "again\n")
        }
    }

    @Test func whatIsSharedStaysUntilNobodyHasIt() async throws {
        try await withPodmanNode { node in
            let (first, second, plain) = (node.reference("first"), node.reference("second"), node.reference("plain"))
            let shared = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, name: "shared"))
            let own = try (1...3).map { try TestImage.Layer.gzip(TestImage.bulk(1 << 16, seed: $0, name: "own")) }
            for (name, layer) in zip(["first", "second", "plain"], own) {
                try TestImage(layers: [.root(), shared, layer]).push(to: node.registry, name)
                if name != "plain" { try node.index(name) }
            }
            try await node.pull(first, "stream")
            try await node.pull(second, "stream")
            // A small image that the runtime pulls by itself stands on our layers all the same, and nobody tells us.
            try await node.pull(plain)
            #expect(try node.outcome(plain) == "pull belowThreshold")
            #expect(try node.runtimesBlobs("plain", [shared]).isEmpty)
            #expect(try node.runtimesBlobs("plain", [own[2]]).count == 1)
            #expect(try node.listing().count == 4)

            let container = try node.podman.run(first)
            // Refused by the runtime: in use. Nothing of it may go.
            #expect(await code { try await node.call("RemoveImage", ["image": ["image": "\(first)"]]) } == "UNKNOWN")
            #expect(try node.listing().count == 4)
            try node.podman.podman("rm", "--force", "--time", "0", container)
            try await node.remove(first)
            try await eventually("its own layer is gone") { try node.listing().count == 3 }
            #expect(try node.output(second, "/bin/ls", "/shared").contains("file0"))
            try await node.remove(second)
            try await eventually("the layers of both are gone") { try node.listing().count == 2 }
            #expect(try node.output(plain, "/bin/sha256sum", "/shared/file0").hasSuffix("/shared/file0\n"))
            try await node.remove(plain)
            try await eventually("everything is gone") {
                try node.listing().isEmpty && node.imagelet.layerDirectories.isEmpty
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: node.listed("l")).isEmpty)

            // And comes again.
            try await node.pull(first, "stream")
            #expect(try node.output(first, "/bin/ls", "/own").contains("file0"))
        }
    }

    @Test func imagesRemovedPastUsAreNoticed() async throws {
        try await withPodmanNode { node in
            let image = node.reference("past")
            try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 18))]).push(to: node.registry, "past")
            try await node.pull(image, "prefetch")
            #expect(try node.listing().count == 2)
            try node.podman.podman("rmi", image)
            try await node.imagelet.restart()
            try await eventually("its layers are gone") {
                try node.listing().isEmpty && node.imagelet.layerDirectories.isEmpty
            }
        }
    }
}
