import Foundation
internal import OCI
import TestSupport
import Testing

/// The image service through imagelet is containerd's, with every call but three passed on.
@Suite(
    "Images on containerd", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .containerNode(
        """
        fill: {enabled: false}
        policy:
          rules:
            - {match: "**/critest-stream/*", strategy: stream}
            - {match: "**/critest-prefetch/*", strategy: prefetch}
        """))
struct ContainerdImageTests {
    /// critest wishes nothing of anybody: the strategies come from rules, and from the images' size.
    @Test("The image service is what critest asserts", arguments: ["stream", "prefetch", "pull"])
    func critest(strategy: String) async throws {
        let node = try ContainerNode.shared
        let images = try ImageServiceImages(to: node.registry, prefix: "critest-\(strategy)")
        if strategy == "stream" { try images.index(by: node) }
        try await expectImageService(
            at: node.imageSocket,
            images.arguments(host: node.proxy.host, secondHost: node.registry.host) + ["--containerd"])
        let requests = try images.requests(at: node)
        switch strategy {
        case "pull": #expect(requests.contains { !$0.isOurs }, "\(requests)")
        case "prefetch": #expect(!requests.isEmpty && requests.allSatisfy { $0.isOurs }, "\(requests)")
        default: #expect(requests.allSatisfy { $0.isOurs && ($0.rangeLength ?? .max) <= 2 }, "\(requests)")
        }
    }

    // Neither is in Debian: where somebody has installed them they run too.

    @Test(.enabled(if: Tool.isInstalled("crictl"), "needs crictl, which Debian has not"))
    func crictlAgrees() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("crictl")
        try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 16, seed: 5))]).push(to: node.registry, "crictl")
        try Tool.check(["crictl"] + node.endpoints + ["pull", image])
        let listed = try Tool.check(["crictl"] + node.endpoints + ["images", "--quiet"])
        let id = try #require(try await node.status(image)?.at("id").text)
        #expect(String(decoding: listed, as: UTF8.self).contains(id))
        try Tool.check(["crictl"] + node.endpoints + ["rmi", image])
    }

    /// Its images are not on this machine: whoever has them says where.
    private static let critestPrefix = ProcessInfo.processInfo.environment["CRITEST_REGISTRY_PREFIX"]

    @Test(
        .enabled(
            if: Tool.isInstalled("critest") && Self.critestPrefix != nil,
            "needs critest, which Debian has not, and CRITEST_REGISTRY_PREFIX"))
    func critestAgrees() async throws {
        let node = try ContainerNode.shared
        let prefix = try #require(Self.critestPrefix)
        try Tool.check(["critest"] + node.endpoints + ["--ginkgo.focus=Image", "--registry-prefix", prefix])
    }

    @Test("Ids and answers are containerd's own", arguments: ["stream", "prefetch", "pull"])
    func identity(strategy: String) async throws {
        let node = try ContainerNode.shared
        let repository = "identity-\(strategy)"
        let image = node.reference(repository)
        let own = try TestImage.Layer.gzip(TestImage.bulk(1 << 16, seed: UInt64(strategy.utf8.count) + 60))
        let manifest = try TestImage(layers: [.root(), own], user: "12:34").push(to: node.registry, repository)
        if strategy == "stream" { try node.index(repository) }
        let id = try await node.pull(image, strategy)
        #expect(id.hasPrefix("sha256:") && id.utf8.count == 71)
        let status = try #require(try await node.status(image))
        #expect(status.at("id").text == id)
        #expect(status.at("repo_tags") == ["\(image)"])
        #expect(status.at("repo_digests") == ["\(node.proxy.host)/\(repository)@\(manifest)"])
        for name in [id, String(id.dropFirst(7)), image, "\(node.proxy.host)/\(repository)@\(manifest)"] {
            #expect(try await node.status(name) == status)
            let request: JSONValue = ["image": ["image": "\(name)"]]
            #expect(try await node.client.call("ImageStatus", request, at: node.containerd.socket)["image"] == status)
        }
        #expect(try await node.images().filter { $0 == status }.count == 1)
        // The image that a container names is the one that was pulled (critest 14).
        try await node.withPod { pod in
            let container = try await node.start(id, specified: image, in: pod)
            let listed = try await node.client.call("ListContainers", at: node.containerd.socket).at("containers").list
            let asked = try await node.client.call(
                "ContainerStatus", ["container_id": "\(container)"], at: node.containerd.socket)
            let shown = [listed.first { $0.at("id").text == container }, asked["status"]]
            #expect(shown[0]?.at("image_ref").text == id)
            // As containerd has it there; the id stands beside it from 2.3 on.
            #expect(shown[1]?.at("image_ref").text == "\(node.proxy.host)/\(repository)@\(manifest)")
            #expect(shown.allSatisfy { ["", id].contains($0?.at("image_id").text) })
            #expect(try await node.exec("/bin/id", "-u", in: container) == "12\n")
        }
    }

    @Test func everythingElseIsPassedOn() async throws {
        let node = try ContainerNode.shared
        let (ours, theirs) = (node.imageSocket, node.containerd.socket)
        for socket in [ours, theirs] {
            let version = try await node.client.call("Version", ["version": "v1"], at: socket)
            #expect(version.at("runtime_name").text == "containerd")
            #expect(!version.at("runtime_version").text.isEmpty)
        }
        // A whole pod through our socket: a kubelet may use one for both.
        let config = try await node.runPod(at: ours)
        let container = try await node.start(node.pause, in: config, at: ours)
        let status: JSONValue = ["container_id": "\(container)"]
        #expect(
            try await node.client.call("ContainerStatus", status, at: ours)
                == node.client.call("ContainerStatus", status, at: theirs))
        try await node.remove(config, at: ours)
    }

    @Test(
        "Refusals are containerd's, word for word",
        arguments: [
            ["method": "StreamImages"], ["method": "GetContainerEvents"],
            ["method": "/runtime.v1.RuntimeService/FutureMethod", "bytes": "CgNuZXc="],
            ["method": "/runtime.v1.FutureService/Anything", "streams": true],
            ["method": "/runtime.v1.RuntimeService/Version", "bytes": "/////w=="],
            ["method": "ContainerStatus", "body": ["container_id": "nobody"]],
            ["method": "ExecSync", "body": ["container_id": "nobody", "cmd": ["x"]]],
            ["method": "ExecSync", "body": [:]],
            ["method": "PullImage", "body": ["image": ["image": ""]]],
            ["method": "PullImage", "body": ["image": ["image": "UPPER CASE//:::"]]],
            ["method": "CreateContainer", "body": ["pod_sandbox_id": "nobody"]],
        ] as [JSONValue])
    func refusals(call: JSONValue) async throws {
        let node = try ContainerNode.shared
        guard case .object(var fields) = call else { return }
        var refusals: [ForeignClient.Refusal] = []
        for socket in [node.imageSocket, node.containerd.socket] {
            fields["socket"] = "\(socket)"
            do {
                Issue.record("answered: \(try await node.client.ask(.object(fields)))")
            } catch {
                refusals.append(try #require(error as? ForeignClient.Refusal))
            }
        }
        #expect(refusals.count == 2 && refusals[0] == refusals[1])
    }

    /// containerd's own client tells nothing of the image; its pull is an ordinary one, through our snapshots.
    @Test func imagesPulledByCtrRun() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("by-ctr")
        try TestImage(layers: [.root(), .hidden(), .gzip(.oddities(forContainerd: true))]).push(
            to: node.registry, "by-ctr")
        try node.containerd.ctr("images", "pull", "--plain-http", "--snapshotter", "imagelet", image)
        try await eventually("CRI shows it") { try await node.status(image) != nil }
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            let differences = try node.differences(of: container, from: image)
            #expect(differences == [])
        }
    }

    /// An image that another snapshotter has unpacked is unpacked by containerd when a container is made of it.
    @Test func imagesAreUnpackedAtCreation() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("late")
        let own = LayerMaker.single("own", "late\n")
        try TestImage(layers: [.root(), .gzip(own)]).push(to: node.registry, "late")
        try node.containerd.ctr("images", "pull", "--plain-http", "--snapshotter", "overlayfs", image)
        try await eventually("CRI shows it") { try await node.status(image) != nil }
        try await node.withPod { pod in
            let container = try await node.start(image, in: pod)
            #expect(try await node.exec("/bin/cat", "/own", in: container) == "late\n")
        }
    }

    @Test func theFileSystemOfImagesIsOurs() async throws {
        let node = try ContainerNode.shared
        let image = node.reference("usage")
        try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 20, seed: 71))]).push(to: node.registry, "usage")
        try await node.pull(image, "prefetch")
        let usage = try await node.client.call("ImageFsInfo", at: node.imageSocket).at("image_filesystems").list
        let ours = try #require(usage.first)
        let path = ours.at("fs_id").at("mountpoint").text
        var isDirectory: ObjCBool = false
        #expect(FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue)
        #expect(path.hasPrefix(try #require(node.imagelet).directory))
        #expect(ours.at("used_bytes").at("value").number > 1 << 20)
        #expect(ours.at("timestamp").number > 0)
        // Other tests pull meanwhile: some time it is so.
        try await expectUsageOfDu(try #require(node.imagelet), socket: node.imageSocket)
    }

    @Test("Refused credentials refuse a present image", arguments: ["prefetch", "pull"])
    func accessCheck(strategy: String) async throws {
        let node = try ContainerNode.shared
        try await withTestRegistry(.init(access: .basic(["user": "right"]))) { locked in
            try await withTestRegistry { open in
                // The locked registry cannot be pushed to without credentials; it gets the same files on disk.
                try TestImage(layers: [.root(), .gzip(TestImage.bulk(1 << 16, seed: 81))]).push(to: open, "private")
                try Tool.check(["cp", "-a", open.directory + "/data", locked.directory + "/"])
            }
            let image = "\(locked.host)/private:v1"
            let id = try await node.pull(image, strategy, credentials: ("user", "right"))
            for wrong in [("user", "wrong-password"), nil] {
                do {
                    try await node.pull(image, strategy, credentials: wrong)
                    Issue.record("pulled with \(String(describing: wrong))")
                } catch {
                    #expect(!"\(error)".contains("wrong-password"))
                }
            }
            #expect(try await node.pull(image, strategy, credentials: ("user", "right")) == id)
            try await node.withPod { pod in
                let container = try await node.start(image, in: pod)
                try await node.exec("/bin/cat", "/bulk/file0", in: container)
            }
        }
    }
}

extension ContainerNode {
    /// As crictl and critest are told them.
    fileprivate var endpoints: [String] {
        ["--runtime-endpoint", "unix://\(containerd.socket)", "--image-endpoint", "unix://\(imageSocket)"]
    }
}
