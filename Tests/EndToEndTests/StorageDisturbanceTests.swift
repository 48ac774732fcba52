import Foundation
internal import OCI
import TestSupport
import Testing

/// What can go wrong between us and a runtime on containers/storage, and what becomes of it.
@Suite("Disturbances on containers/storage", .serialized, .enabled(if: PodmanNode.isPossible, PodmanNode.requirements))
struct StorageDisturbanceTests {
    /// specs/additional-layer-store.md 13: what appears under the hands of a client that unpacks it is deleted by it.
    @Test func nothingIsListedWhileTheRuntimeFetchesIt() async throws {
        try await withPodmanNode { node in
            let shared = try TestImage.Layer.gzip(TestImage.bulk(1 << 20, name: "shared"))
            try TestImage(layers: [.root(), shared]).push(to: node.registry, "plain")
            try TestImage(layers: [.root(), shared, .gzip(TestImage.bulk(1 << 16, seed: 3))]).push(
                to: node.registry, "large")
            try node.index("large")
            let (plain, large) = (node.reference("plain"), node.reference("large"))
            // The runtime's own pull lasts until the other has long been ready.
            let blob = "/v2/plain/blobs/" + (try shared.digest)
            node.proxy.add(FaultRule(.delay(.seconds(8)), method: "GET", path: blob, times: 1))
            async let pulling = node.pull(plain)
            try await eventually("the runtime fetches the layer") {
                try node.runtimesBlobs("plain", [shared]).count == 1
            }
            try await node.pull(large, "stream")
            _ = try await pulling
            #expect(try node.outcome(large) == "stream requestedByPod")

            // The runtime has the lower two itself now, and they count; all three are listed, none was touched.
            #expect(try node.ownLayers().count == 2)
            #expect(try node.listing().count == 3)
            for id in try node.listing() {
                let kind = try FileManager.default.attributesOfItem(atPath: node.listed(id) + "/diff")[.type]
                #expect(kind as? FileAttributeType == .typeSymbolicLink)
            }
            #expect(try node.output(plain, "/bin/sha256sum", "/shared/file1").hasSuffix("/shared/file1\n"))
            #expect(try node.output(large, "/bin/sha256sum", "/shared/file1").hasSuffix("/shared/file1\n"))
            try await node.remove(plain)
            #expect(try node.output(large, "/bin/ls", "/shared").contains("file1"))
        }
    }

    /// What a crash, a disk or a stranger can leave.
    private static let harms = [
        "rm overlay-layers/layers.json", "echo '[{\"id\":' >overlay-layers/layers.json", "rm -r overlay/*", "rm -r *",
        "for layer in overlay/*/; do ln -sfn /nowhere $layer/diff; done", "mkdir -p overlay/foreign aside/x",
    ]

    @Test func aDamagedListingIsMendedAtTheNextStart() async throws {
        try await withPodmanNode { node in
            let image = node.reference("damaged")
            try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 18))]).push(to: node.registry, "damaged")
            try node.index("damaged")
            try await node.pull(image, "stream")
            let (listing, overlay) = (node.imagelet.root + "/images", node.imagelet.root + "/images/overlay")
            for harm in Self.harms {
                node.imagelet.crash()
                try Tool.check(["sh", "-c", harm], in: listing)
                try await node.imagelet.start()
                #expect(try node.listing().count == 2, "\(harm)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: overlay).count == 3, "\(harm)")
                #expect(try node.output(image, "/bin/ls", "/bulk").contains("file0"), "\(harm)")
            }
        }
    }

    @Test func podsWithAUserNamespaceArePulledPlainly() async throws {
        try await withPodmanNode { node in
            let layers = [try TestImage.Layer.root(), try .gzip(TestImage.bulk(1 << 18))]
            try TestImage(layers: layers).push(to: node.registry, "mapped")
            try node.index("mapped")
            let image = node.reference("mapped")
            try await node.pull(image, "stream", options: ["userns_options": ["mode": "POD"]])
            #expect(try node.outcome(image) == "pull runtimeNotAttached requestNotPossible")
            #expect(try node.runtimesBlobs("mapped", layers).count == 2)
            #expect(try node.listing().isEmpty)
        }
    }

    @Test func imagesThatCouldNotBeMountedArePulledPlainly() async throws {
        try await withPodmanNode { node in
            let limit = (4096 - 1024) / (node.imagelet.root + "/images/overlay/l/").utf8.count.advanced(by: 27)
            let root = try TestImage.Layer.root()
            let more = try (1...limit).map {
                try TestImage.Layer.gzip(TestImage.bulk(1 << 10, files: 1, name: "n\($0)"))
            }
            try TestImage(layers: [root] + more.dropLast()).push(to: node.registry, "deepest")
            try TestImage(layers: [root] + more).push(to: node.registry, "too-deep")
            try TestImage(layers: [root, more[0], more[1], more[0]]).push(to: node.registry, "twice")
            for (name, expected) in [
                ("deepest", "prefetch requestedByPod"), ("too-deep", "pull runtimeNotAttached requestNotPossible"),
                ("twice", "pull runtimeNotAttached requestNotPossible"),
            ] {
                let image = node.reference(name)
                try await node.pull(image, "prefetch")
                #expect(try node.outcome(image) == expected)
                #expect(try node.output(image, "/bin/ls", "/n1").contains("file0"))
            }
        }
    }

    /// A node that is set up in part: everything goes as without us, once.
    @Test func aRuntimeThatDoesNotReadTheListing() async throws {
        try await withPodmanNode { node in
            try await node.restartRuntime(reading: [])
            let layers = [try TestImage.Layer.root(), try .gzip(TestImage.bulk(1 << 18))]
            for (name, outcome) in [
                ("first", "pull alreadyUnpacked"), ("second", "pull runtimeNotAttached requestNotPossible"),
            ] {
                try TestImage(layers: layers, command: [name]).push(to: node.registry, name)
                let image = node.reference(name)
                try await node.pull(image, "prefetch")
                #expect(try node.outcome(image) == outcome)
                #expect(try node.output(image, "/bin/ls", "/bulk").contains("file0"))
            }
            try await eventually("what nobody took is gone") {
                try node.listing().isEmpty && node.imagelet.layerDirectories.isEmpty
            }
        }
    }

    @Test func theRuntimesOwnAnswers() async throws {
        try await withPodmanNode { node in
            // Refusals are the runtime's, also of names that mean nothing.
            for name in ["UPPER CASE//:::", node.reference("absent"), String(repeating: "x", count: 5000)] {
                #expect(await code { try await node.call("PullImage", ["image": ["image": "\(name)"]]) } == "UNKNOWN")
            }
            #expect(
                try await node.call("ImageStatus", ["image": ["image": "\(node.reference("absent"))"]])["image"] == nil)
            try await node.remove(node.reference("absent"))
            #expect(try await node.call("Version").at("runtime_name").text == "podman")

            let before = try await node.call("ImageFsInfo").at("image_filesystems").list
            try TestImage(layers: [.root(), .gzip(TestImage.bulk(4 << 20))]).push(to: node.registry, "counted")
            try await node.pull(node.reference("counted"), "prefetch")
            let after = try await node.call("ImageFsInfo").at("image_filesystems").list
            #expect(before.count == 1 && after.count == 1)
            #expect(after[0].at("fs_id") == before[0].at("fs_id"))
            let grown = after[0].at("used_bytes").at("value").number - before[0].at("used_bytes").at("value").number
            #expect(grown > 4 << 20)
        }
    }

    @Test func privateImagesComeWithTheCallersCredentials() async throws {
        try await withPodmanNode { node in
            let layers = [try TestImage.Layer.root()]
            try TestImage(layers: layers).push(to: node.registry, "asked")
            let image = node.reference("asked")
            try await node.pull(image, "prefetch")
            #expect(try node.outcome(image) == "prefetch requestedByPod")
            // A present image is asked for again at the registry by the runtime itself, with the request's own credentials (KEP-2535).
            node.proxy.add(FaultRule(.status(401), path: "/v2/asked/manifests"))
            #expect(await code { try await node.call("PullImage", ["image": ["image": "\(image)"]]) } == "UNKNOWN")
            node.proxy.removeFaults()
            try await node.pull(image)
            #expect(try node.output(image, "/bin/echo", "here") == "here\n")
        }
    }
}
