import Foundation
import Glibc
import Linux
import Synchronization
import TestSupport

/// A node of its own: the built `imagelet` serving a temporary root, driven by the built command as a user would.
final class TestNode: Sendable {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    /// How a service manager starts the daemon.
    struct Service: Sendable {
        var environment: [String: String] = [:]
        var descriptors: [(name: String, descriptor: Int32)] = []
    }

    let directory: String
    private let sockets: [String]
    private let process: Mutex<ChildProcess>
    private let mounts = Mutex<[String]>([])
    private let nextService: Mutex<Service?>
    private let nextProgram = Mutex(TestNode.binary)
    /// Clears away if the test process is killed, too.
    private let sweeper: ChildProcess

    /// Whether this machine can serve a mount at all.
    static var isPossible: Bool {
        geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/fuse") && Tool.isInstalled("docker-registry")
    }

    static let requirements = "needs root, /dev/fuse and docker-registry"

    /// Tests pass on disks that are nearly full.
    private static let anyDisk = "cache: {minFreeBytes: 0, evictionThreshold: 0%}"

    /// The command beside the test bundle.
    static let binary: String = {
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return bundle.appendingPathComponent("imagelet").path
    }()

    /// - Parameters:
    ///   - settings: further lines of the configuration.
    ///   - sockets: further sockets, such as `runtime: /run/containerd/containerd.sock`.
    init(_ settings: String = "", sockets: [String] = [], service: Service? = nil) async throws {
        directory = makeTemporaryDirectory()
        self.sockets = sockets
        nextService = Mutex(service)
        // A keeper whose name is gone takes its mount off and ends, unless a daemon is there.
        let store = directory + "/root/store"
        let goodbye = """
            rm -f \(directory)/root/keeper.sock
            tries=0
            while grep -q " \(store) " /proc/self/mountinfo && [ $tries -lt 20 ]; do sleep 1; tries=$((tries + 1)); done
            for mount in $(grep -o " \(directory)/root/direct/[^ ]* " /proc/self/mountinfo); do umount -l $mount; done
            grep -q " \(store) " /proc/self/mountinfo && umount -l \(store)
            """
        sweeper = try ChildProcess(
            ["sleep", "infinity"], logPath: directory + "/sweeper.log", removing: directory, cleaning: goodbye)
        try Self.configure(directory, sockets, settings)
        process = Mutex(try Self.start(Self.binary, directory, service))
        try await ready()
    }

    var daemon: ChildProcess { process.withLock { $0 } }
    /// Of the next start; nil: started by hand.
    var service: Service? {
        get { nextService.withLock { $0 } }
        set { nextService.withLock { $0 = newValue } }
    }
    /// Path of the binary that serves from the next start on.
    var program: String {
        get { nextProgram.withLock { $0 } }
        set { nextProgram.withLock { $0 = newValue } }
    }
    var root: String { directory + "/root" }
    var store: String { directory + "/root/store" }
    /// Where complete layers are mounted now.
    var directMounts: [String] {
        ((try? Mount.all()) ?? []).map(\.path).filter { $0.hasPrefix("\(directory)/root/direct/") }
    }

    private static func start(
        _ program: String, _ directory: String, _ service: Service?
    ) throws -> ChildProcess {
        var command = [program, "serve", "--config", directory + "/config.yaml"]
        if let service {
            var variables = service.environment
            variables["LISTEN_FDS"] = String(service.descriptors.count)
            variables["LISTEN_FDNAMES"] = service.descriptors.map(\.name).joined(separator: ":")
            // The shell's own number stays the daemon's.
            command =
                ["sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh", "env"] + variables.map { "\($0)=\($1)" } + command
        }
        return try ChildProcess(
            command, logPath: directory + "/daemon.log", passing: service?.descriptors.map(\.descriptor) ?? [])
    }

    private static func configure(_ directory: String, _ sockets: [String], _ settings: String) throws {
        let configuration = """
            apiVersion: imagelet.dev/v1alpha1
            kind: ImageletConfiguration
            rootDirectory: \(directory)/root
            sockets: {\((["cri: \(directory)/cri.sock", "admin: \(directory)/admin.sock"] + sockets).joined(separator: ", "))}
            registries: {hostsDirectories: [\(directory)/certs.d]}
            log: {level: debug}
            \(settings.contains("cache:") ? "" : anyDisk)
            \(settings)
            """
        try configuration.write(toFile: directory + "/config.yaml", atomically: true, encoding: .utf8)
    }

    /// Settings of the next start, instead of those given before.
    func configure(_ settings: String) throws { try Self.configure(directory, sockets, settings) }

    private func ready() async throws {
        _ = try await daemon.waitForLog("(serving)")
    }

    /// Ends the daemon with SIGKILL.
    func crash() { daemon.stop() }

    /// Starts the daemon again and returns when it serves.
    func start() async throws {
        try launch()
        try await ready()
    }

    /// Starts the daemon again.
    func launch() throws {
        let started = try Self.start(program, directory, service)
        process.withLock { $0 = started }
    }

    func crashAndRestart() async throws {
        crash()
        try await start()
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

    /// Ids of the processes that keep this node's descriptors.
    var keepers: [pid_t] {
        let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
        return numbers.filter { number in
            // Only of keepers: the command line of a process that waits in the kernel may have to be waited for.
            let name = FileManager.default.contents(atPath: "/proc/\(number)/comm")
            guard name == Data("imagelet-keep\n".utf8) else { return false }
            // Gone meanwhile, or a zombie: no command line.
            let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
            return Array(line) == Array("imagelet\0keep\0\(root)\0".utf8)
        }
    }

    /// Ends the keeper with SIGKILL and returns when the daemon has given all that it held to another.
    func replaceKeeper() async throws {
        let first = keepers
        for keeper in first { kill(keeper, SIGKILL) }
        try await eventually("another keeper holds the mount and the sockets") {
            guard let keeper = keepers.first(where: { !first.contains($0) }) else { return false }
            let targets = try Directory.entries(of: "/proc/\(keeper)/fd").map {
                String(decoding: try Path.linkTarget("/proc/\(keeper)/fd/\($0)"), as: UTF8.self)
            }
            // Two that listen, its own, and the daemon's connection.
            return targets.contains("/dev/fuse") && targets.filter { $0.hasPrefix("socket:") }.count == 4
        }
    }

    /// Ends all, takes off what is mounted, removes the files.
    func tearDown() {
        end()
        sweeper.stop()
    }

    /// Ends the daemon and all that would outlive it, and loses everything it had.
    func loseState() throws {
        end()
        try Tool.check(["rm", "-rf", "--one-file-system", root])
    }

    private func end() {
        daemon.stop()
        for mount in mounts.withLock({ $0 }).reversed() { umount2(mount, Int32(MNT_DETACH)) }
        for mount in directMounts { umount2(mount, Int32(MNT_DETACH)) }
        umount2(store, Int32(MNT_DETACH))
        // With the last descriptor the connection ends, and with it every wait for an answer.
        for keeper in keepers { kill(keeper, SIGKILL) }
    }

    /// Mounts an image; taken off by `tearDown` at the latest.
    func mount(_ image: String, readOnly: Bool = false) throws -> String {
        let path = try makeMountPoint()
        if readOnly { try check("mount", "--read-only", image, path) } else { try check("mount", image, path) }
        return path
    }

    /// A directory where an image can be mounted.
    func makeMountPoint() throws -> String {
        let path = directory + "/mount-" + UUID().uuidString.prefix(8)
        mounts.withLock { $0.append(path) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    func unmount(_ path: String) throws {
        try check("unmount", path)
        mounts.withLock { $0.removeAll { $0 == path } }
    }

    /// As `unmount`, once nobody uses it: a program that is just being started still has our open files.
    func unmountWhenFree(_ path: String) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try unmount(path)
            } catch let error as CommandFailed
                where error.description.contains("busy") && ContinuousClock.now < end
            {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Names below `root` that hold image data.
    var layerDirectories: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: root + "/layers")) ?? []).sorted()
    }
}

/// Runs what may have to wait for the daemon on a thread of its own: the pool's have to start it.
func away<R: Sendable>(_ name: String = "away", _ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await BlockingThread.run(name, body)
}

/// Runs `body` with a node of its own.
func withNode<R>(
    _ settings: String = "", service: TestNode.Service? = nil, _ body: (TestNode) async throws -> R
) async throws -> R {
    let node = try await TestNode(settings, service: service)
    defer { node.tearDown() }
    return try await body(node)
}
