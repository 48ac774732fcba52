import Foundation
internal import OCI
import TestSupport
import Testing

/// A node of its own whose runtime stores images by containers/storage: podman behind a CRI socket, imagelet in front of it, a registry behind
/// a proxy that writes down every request.
final class PodmanNode: Sendable {
    let registry: TestRegistry
    /// What images are pulled through.
    let proxy: FaultyProxy
    let podman: TestPodman
    let imagelet: TestNode
    let client: ForeignClient

    static var isPossible: Bool { TestNode.isPossible && TestPodman.isPossible }
    static let requirements: Comment = "needs root, /dev/fuse, docker-registry, podman, runc and busybox-static"

    /// The program that makes a container runtime of podman.
    static let runtimeProgram =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("podman_runtime.py").path

    /// - Parameter settings: further lines of imagelet's configuration.
    init(_ settings: String = "fill: {enabled: false}") async throws {
        registry = try await TestRegistry()
        proxy = try FaultyProxy(upstreamPort: registry.port)
        podman = try TestPodman(hosts: [proxy.host, registry.host])
        imagelet = try await TestNode("runtime: crio\n\(settings)", sockets: ["runtime: \(podman.socket)"])
        try podman.read([imagelet.root + "/images"])
        client = try ForeignClient()
        try await podman.start(program: Self.runtimeProgram)
    }

    deinit { tearDown() }

    func tearDown() {
        podman.tearDown()
        imagelet.tearDown()
        client.stop()
        proxy.stop()
        registry.stop()
    }

    /// Starts the runtime anew with other additional image stores.
    func restartRuntime(reading imageStores: [String]) async throws {
        podman.stop()
        try podman.read(imageStores)
        try await podman.start(program: Self.runtimeProgram)
    }

    /// The reference of an image as pulled through the proxy.
    func reference(_ repository: String, tag: String = "v1") -> String { "\(proxy.host)/\(repository):\(tag)" }

    /// Any call of the image service, through imagelet.
    func call(_ method: String, _ body: JSONValue = [:]) async throws -> JSONValue {
        try await client.call(method, body, at: imagelet.directory + "/cri.sock", timeout: 300)
    }

    /// Pulls as the kubelet does.
    /// - Returns: `image_ref`.
    @discardableResult
    func pull(
        _ image: String, _ strategy: String? = nil, options: JSONValue = ["network": "NODE"]
    ) async throws -> String {
        let sandbox: JSONValue = [
            "metadata": ["name": "pod", "uid": "\(UUID().uuidString)", "namespace": "tests"],
            "annotations": strategy.map { ["imagelet.dev/strategy": "\($0)"] } ?? [:],
            "linux": ["security_context": ["namespace_options": options]],
        ]
        return try await call("PullImage", ["image": ["image": "\(image)"], "sandbox_config": sandbox])
            .at("image_ref").text
    }

    func remove(_ image: String) async throws {
        _ = try await call("RemoveImage", ["image": ["image": "\(image)"]])
    }

    /// What the last pull under a name came to, as imagelet tells it: strategy and codes of reasons.
    func outcome(_ image: String) throws -> String {
        let report = JSONValue(parsing: try imagelet.check("status", "-o", "json"))
        let found = report?.at("images").list.first { $0.at("names").list.contains { $0.text == image } }
        let reasons = found?.at("reasons").list.map { String($0.text.prefix { $0 != ":" }) } ?? []
        return ([found?.at("strategy").text ?? "none"] + reasons).joined(separator: " ")
    }

    /// A directory of a listed layer, or one that was.
    func listed(_ id: String) -> String { "\(imagelet.root)/images/overlay/\(id)" }

    /// Ids in the listing.
    func listing() throws -> Set<String> {
        let text = try String(contentsOfFile: imagelet.root + "/images/overlay-layers/layers.json", encoding: .utf8)
        return Set((JSONValue(parsing: text)?.list ?? []).map { $0.at("id").text })
    }

    /// Ids of layers that podman has itself, those of containers left out.
    func ownLayers() throws -> Set<String> {
        let path = podman.graphRoot + "/overlay-layers/layers.json"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return Set((JSONValue(parsing: text)?.list ?? []).filter { $0["diff-digest"] != nil }.map { $0.at("id").text })
    }

    /// The requests of the runtime for bytes of layers.
    func runtimesBlobs(_ repository: String, _ layers: [TestImage.Layer]) throws -> [RegistryRequest] {
        let paths = try layers.map { "blobs/" + (try $0.digest) }
        return proxy.requests(for: repository).filter { !$0.isOurs && $0.method == "GET" && paths.contains($0.path) }
    }

    /// Gives the layers of an image tables of contents.
    func index(_ repository: String) throws { try imagelet.index("\(registry.host)/\(repository):v1") }

    /// What a command prints in a container that is made for it and goes with it.
    func output(_ image: String, _ command: String...) throws -> String {
        let container = try podman.run(image)
        defer { _ = try? podman.podman("rm", "--force", "--time", "0", container) }
        return try exec(container, command)
    }

    func exec(_ container: String, _ command: [String]) throws -> String {
        String(
            decoding: try Tool.check(podman.command + ["exec", container] + command), as: UTF8.self)
    }

    /// The root file system of a running container, as mounted on the machine.
    func rootfs(of container: String) throws -> String {
        try podman.podman("mount", container).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Runs `body` with a node of its own.
func withPodmanNode<R>(
    _ settings: String = "fill: {enabled: false}", _ body: (PodmanNode) async throws -> R
) async throws -> R {
    let node = try await PodmanNode(settings)
    defer { node.tearDown() }
    return try await body(node)
}
