import Foundation
internal import OCI
import TestSupport
import Testing

/// A node of its own as the kubelet sees one: containerd with runc, a registry behind a proxy that writes down every
/// request, and, unless it is a plain one, imagelet in front of containerd.
final class ContainerNode: Sendable {
    let registry: TestRegistry
    /// What images are pulled through: it sees ranges, and can do harm.
    let proxy: FaultyProxy
    let containerd: TestContainerd
    /// Nil on a plain node.
    let imagelet: TestNode?
    let client: ForeignClient
    /// The image of every sandbox; a shell and its tools.
    let pause: String

    static var isPossible: Bool { TestNode.isPossible && TestContainerd.isPossible }
    static let requirements: Comment = "needs root, /dev/fuse, docker-registry, containerd, runc and busybox-static"

    /// - Parameters:
    ///   - settings: further lines of imagelet's configuration; nil: a plain node.
    ///   - startsContainerd: if not, see `startContainerd`.
    init(_ settings: String?, startsContainerd: Bool = true, link: Link = Link()) async throws {
        registry = try await TestRegistry()
        proxy = try FaultyProxy(upstreamPort: registry.port, link: link)
        try TestImage(layers: [.root()], command: Self.forever).push(to: registry, "pause")
        pause = "\(registry.host)/pause:v1"
        containerd = try TestContainerd(sandboxImage: pause, isProxied: settings != nil)
        client = try ForeignClient()
        if let settings {
            imagelet = try await TestNode(
                "runtime: containerd\n\(settings)",
                sockets: ["runtime: \(containerd.socket)", "snapshots: \(containerd.snapshotsSocket)"])
        } else {
            imagelet = nil
        }
        if startsContainerd { try await startContainerd() }
    }

    deinit { tearDown() }

    /// What a container runs that is to stay.
    static let forever = ["/bin/sleep", "1000000"]

    /// The image service that the kubelet would use.
    var imageSocket: String { imagelet.map { $0.directory + "/cri.sock" } ?? containerd.socket }

    /// Returns when CRI answers.
    func startContainerd() async throws {
        try await containerd.start()
        try await eventually("CRI answers") {
            (try? await client.call("Version", at: containerd.socket, timeout: 10)) != nil
        }
    }

    /// Returns when containerd reaches imagelet's snapshots: after a restart its calls fail for up to 3 seconds, until it
    /// tries to connect again. The kubelet would repeat them.
    func snapshotterIsReached() async throws {
        try await eventually("containerd reaches the snapshotter") {
            (try? containerd.ctr("snapshots", "--snapshotter", "imagelet", "ls")) != nil
        }
    }

    /// The reference of an image as pulled through the proxy.
    func reference(_ repository: String, tag: String = "v1") -> String { "\(proxy.host)/\(repository):\(tag)" }

    func tearDown() {
        containerd.tearDown()
        imagelet?.tearDown()
        client.stop()
        proxy.stop()
        registry.stop()
    }
}

/// Runs `body` with a node of its own.
func withContainerNode<R>(
    _ settings: String?, startsContainerd: Bool = true, _ body: (ContainerNode) async throws -> R
) async throws -> R {
    let node = try await ContainerNode(settings, startsContainerd: startsContainerd)
    defer { node.tearDown() }
    return try await body(node)
}

/// One node for all tests of a suite: `ContainerNode.shared`.
struct SharedContainerNode: SuiteTrait, TestScoping {
    var settings: String?
    var startsContainerd = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withContainerNode(settings, startsContainerd: startsContainerd) { node in
            try await ContainerNode.$ofSuite.withValue(node, operation: function)
        }
    }
}

extension Trait where Self == SharedContainerNode {
    /// Containerd alone.
    static var plainContainerNode: Self { SharedContainerNode(settings: nil) }

    /// Imagelet before containerd, with further lines of its configuration.
    static func containerNode(_ settings: String, startsContainerd: Bool = true) -> Self {
        SharedContainerNode(settings: settings, startsContainerd: startsContainerd)
    }
}

extension ContainerNode {
    @TaskLocal fileprivate static var ofSuite: ContainerNode?

    /// The node of the suite that runs.
    static var shared: ContainerNode {
        get throws { try #require(ofSuite, "the suite has no SharedContainerNode") }
    }
}
