import Foundation
import Linux
internal import OCI
import TestSupport

extension ContainerNode {
    /// The image of ImageStatus; nil if it is not present.
    func status(_ image: String) async throws -> JSONValue? {
        try await client.call("ImageStatus", ["image": ["image": "\(image)"]], at: imageSocket)["image"]
    }

    /// The images of ListImages.
    func images() async throws -> [JSONValue] {
        try await client.call("ListImages", at: imageSocket).at("images").list
    }

    func removeImage(_ image: String) async throws {
        _ = try await client.call("RemoveImage", ["image": ["image": "\(image)"]], at: imageSocket)
    }

    /// Gives the layers of an image in the registry tables of contents.
    func index(_ repository: String, tag: String = "v1", minimumLayerSize: Int = 0) throws {
        let image = "\(registry.host)/\(repository):\(tag)"
        let scratch = try ScratchDirectory()
        for arguments in [
            [
                "build", image, "--output", scratch.file("index"), "--min-layer-size", "\(minimumLayerSize)",
                "--span-size", "65536",
            ],
            ["push", image, "--from", scratch.file("index")],
        ] {
            try Tool.check(["env", "HOME=\(scratch.path)", TestNode.binary, "index"] + arguments)
        }
    }

    /// What imagelet says about an image; nil if it has none of that name.
    func report(_ image: String) throws -> JSONValue? {
        guard let imagelet else { return nil }
        let outcome = imagelet.run("status", "-o", "json")
        guard outcome.status == 0 else { throw TestNode.CommandFailed(description: outcome.errors) }
        return JSONValue(parsing: outcome.output)?.at("images").list.first { report in
            report.at("id").text == image || report.at("names").list.contains { $0.text == image }
        }
    }

    /// Names of imagelet's snapshots that were made for an image of that name.
    func snapshots(of image: String) async throws -> [String] {
        let filter = "labels.\"containerd.io/snapshot/cri.image-ref\"==\"\(image)\""
        let parts = try await client.call(
            "Snapshots/List", ["snapshotter": "imagelet", "filters": ["\(filter)"]], at: containerd.snapshotsSocket)
        return parts.list.flatMap { $0.at("info").list }.map { $0.at("name").text }
    }

    /// Returns when containerd has collected its garbage.
    func collectGarbage() throws {
        let lease = UUID().uuidString
        try containerd.ctr("leases", "create", "--id", lease)
        try containerd.ctr("leases", "rm", "--sync", lease)
    }

    /// Whether imagelet keeps anything of a layer.
    func hasLayerDirectory(_ layer: TestImage.Layer) throws -> Bool {
        let hex = try layer.digest.split(separator: ":")[1]
        return imagelet?.layerDirectories.contains { $0.contains(hex) } ?? false
    }

    /// Bytes that a layer's tar takes on imagelet's disk.
    func allocated(_ layer: TestImage.Layer) throws -> Int64 {
        let hex = try layer.digest.split(separator: ":")[1]
        return try FileStatus("\(imagelet?.root ?? "")/layers/\(hex)/layer.tar").allocatedBytes
    }

    /// The tree of an image as containerd itself unpacks it, with its own `overlayfs`, in a namespace of its own.
    private func containerdTree(_ image: String) throws -> TreeSnapshot {
        let namespace = "truth"
        let scratch = try ScratchDirectory()
        let target = try scratch.makeDirectory("mount")
        try containerd.ctr(
            "images", "pull", "--plain-http", "--snapshotter", "overlayfs", image, namespace: namespace)
        try containerd.ctr("images", "mount", "--snapshotter", "overlayfs", image, target, namespace: namespace)
        defer { umount2(target, Int32(MNT_DETACH)) }
        return try TreeSnapshot(of: target)
    }

    /// How the tree of a running container differs from the one that containerd itself makes of its image.
    func differences(of container: String, from image: String) throws -> [String] {
        let found = try TreeSnapshot(of: containerd.rootfs(of: container))
        return try containerdTree(image).differences(from: found).filter { line in
            guard line.contains(": time is"), let path = line.split(separator: ":").first else { return true }
            // Directories that no entry names have the time of the unpack.
            return path != "." && !LayerMaker.hasUncertainTime(String(path))
        }
    }
}
