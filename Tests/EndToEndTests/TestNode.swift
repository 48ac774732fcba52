import Foundation
import Glibc
import Synchronization
import TestSupport

/// A node of its own: the built `imagelet` serving a temporary root, driven by the built command as a user would.
final class TestNode: Sendable {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    let directory: String
    private let process: Mutex<ChildProcess>
    private let mounts = Mutex<[String]>([])

    /// Whether this machine can serve a mount at all.
    static var isPossible: Bool {
        geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/fuse") && Tool.isInstalled("docker-registry")
    }

    static let requirements = "needs root, /dev/fuse and docker-registry"

    /// The command beside the test bundle.
    static let binary: String = {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return bundle.appendingPathComponent("imagelet").path
    }()

    /// - Parameters:
    ///   - settings: further lines of the configuration.
    ///   - sockets: further sockets, such as `runtime: unix:///run/containerd/containerd.sock`.
    init(_ settings: String = "", sockets: [String] = []) async throws {
        directory = makeTemporaryDirectory()
        let configuration = """
            apiVersion: imagelet.dev/v1alpha1
            kind: ImageletConfiguration
            rootDirectory: \(directory)/root
            sockets: {\((["cri: \(directory)/cri.sock", "admin: \(directory)/admin.sock"] + sockets).joined(separator: ", "))}
            registries: {hostsDirectories: [\(directory)/certs.d]}
            log: {level: debug}
            \(settings)
            """
        try configuration.write(toFile: directory + "/config.yaml", atomically: true, encoding: .utf8)
        process = Mutex(try Self.start(directory))
        try await ready()
    }

    var daemon: ChildProcess { process.withLock { $0 } }
    var root: String { directory + "/root" }
    var store: String { directory + "/root/store" }

    private static func start(_ directory: String) throws -> ChildProcess {
        try ChildProcess([binary, "serve", "--config", directory + "/config.yaml"], logPath: directory + "/daemon.log")
    }

    private func ready() async throws {
        _ = try await daemon.waitForLog("(serving)")
    }

    /// Ends the daemon with SIGKILL and starts it again.
    func crashAndRestart() async throws {
        daemon.stop()
        try await start()
    }

    /// Starts the daemon again after its end.
    func start() async throws {
        let started = try Self.start(directory)
        process.withLock { $0 = started }
        try await ready()
    }

    /// Ends the daemon with SIGTERM and waits until it said so.
    func stop() async throws {
        let status = try JSONDecoder().decode(Status.self, from: Data(check("status", "-o", "json").utf8))
        kill(status.daemon.processId, SIGTERM)
        _ = try await daemon.waitForLog("(stopped)")
        daemon.stop()
    }

    func restart() async throws {
        try await stop()
        try await start()
    }

    /// Unmounts all, ends the daemon, removes its files.
    func tearDown() {
        let mounted = mounts.withLock { $0 }
        for mount in mounted { _ = run("unmount", mount) }
        daemon.stop()
        for mount in (mounted + [store]).reversed() { umount2(mount, Int32(MNT_DETACH)) }
        try? FileManager.default.removeItem(atPath: directory)
    }

    func run(_ arguments: String...) -> Outcome { run(arguments) }

    func run(_ arguments: [String]) -> Outcome {
        let tool = try? Tool.run(
            [
                "env", "IMAGELET_ENDPOINT=unix://\(directory)/cri.sock",
                "IMAGELET_ADMIN=unix://\(directory)/admin.sock",
                "HOME=\(directory)", "DOCKER_CONFIG=\(directory)/docker", Self.binary,
            ] + arguments, in: directory)
        guard let tool else { return Outcome(status: -1, output: "", errors: "cannot be started") }
        return Outcome(
            status: tool.status, output: String(decoding: tool.output, as: UTF8.self), errors: tool.errors)
    }

    struct CommandFailed: Error, CustomStringConvertible { var description: String }

    @discardableResult
    func check(_ arguments: String...) throws -> String {
        let outcome = run(arguments)
        guard outcome.status == 0 else {
            throw CommandFailed(
                description:
                    "imagelet \(arguments.joined(separator: " ")): \(outcome.status): \(outcome.errors)\n\(daemon.log)")
        }
        return outcome.output
    }

    /// Pulls with a strategy asked for.
    @discardableResult
    func pull(_ image: String, _ strategy: String? = nil) throws -> String {
        if let strategy {
            return try check("pull", "--quiet", "--annotation", "imagelet.dev/strategy=\(strategy)", image)
        }
        return try check("pull", "--quiet", image)
    }

    func inspect(_ image: String) throws -> Inspection.Own {
        try JSONDecoder().decode(Inspection.self, from: Data(check("inspect", image).utf8)).info.imagelet
    }

    /// Mounts an image; taken off by `tearDown` at the latest.
    func mount(_ image: String, readOnly: Bool = false) throws -> String {
        let path = mounts.withLock {
            $0.append(directory + "/mount\($0.count)")
            return directory + "/mount\($0.count - 1)"
        }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        if readOnly { try check("mount", "--read-only", image, path) } else { try check("mount", image, path) }
        return path
    }

    func unmount(_ path: String) throws {
        try check("unmount", path)
        mounts.withLock { $0.removeAll { $0 == path } }
    }

    /// Names below `root` that hold image data.
    var layerDirectories: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root + "/layers")) ?? []).sorted()
    }
}

struct Status: Decodable {
    struct Daemon: Decodable { var processId: Int32 }
    var daemon: Daemon
}

struct Inspection: Decodable {
    struct Layer: Decodable {
        var digest: String
        var slot: Int
        var state: String
        var blobBytesFetched: Int
        var contentPresent: Int
        var contentSize: Int
        var segmentCount: Int
    }
    struct Reason: Decodable { var code: String }
    struct Own: Decodable {
        var id: String
        var strategy: String
        var reasons: [Reason]
        var layers: [Layer]
    }
    struct Info: Decodable { var imagelet: Own }
    var info: Info
}

/// Runs `body` with a node of its own.
func withNode<R>(_ settings: String = "", _ body: (TestNode) async throws -> R) async throws -> R {
    let node = try await TestNode(settings)
    defer { node.tearDown() }
    return try await body(node)
}
