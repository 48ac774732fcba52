import Foundation
import Synchronization

/// Debian's `podman` with stores and a configuration of its own, for the network of this machine alone, with runc.
///
/// `start` also starts it as a container runtime with a CRI socket (EndToEndTests/podman_runtime.py).
package final class TestPodman: Sendable {
    /// Holds everything: `graph`, `run`, configuration, sockets, logs.
    package let directory: String
    /// Ends with this value and clears away behind podman.
    private let keeper: ChildProcess
    private let processes = Mutex<[ChildProcess]>([])

    /// Whether it can run on this machine.
    package static var isPossible: Bool {
        ["podman", "conmon", "runc"].allSatisfy(Tool.isInstalled)
            && FileManager.default.fileExists(atPath: "/bin/busybox")
    }

    /// - Parameter hosts: registries spoken to without TLS.
    package init(hosts: [String]) throws {
        directory = makeTemporaryDirectory()
        keeper = try ChildProcess(
            ["sleep", "infinity"], logPath: directory + "/keeper.log", removing: directory, cleaning: Self.cleaning)
        // No raising of limits, no systemd, no name spaces that a machine inside another has not: specs/additional-layer-store.md, Test plan.
        try write(
            """
            [containers]
            netns = "none"
            cgroupns = "host"
            default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "none"
            runtime = "runc"
            tmp_dir = "\(directory)/run/libpod"
            lock_type = "file"
            """, to: "containers.conf")
        try write(
            hosts.map { "[[registry]]\nlocation = \"\($0)\"\ninsecure = true\n" }.joined(), to: "registries.conf")
        try read([])
    }

    /// Has it read these additional image stores from its next start on.
    package func read(_ imageStores: [String]) throws {
        try write(
            """
            [storage]
            driver = "overlay"
            graphroot = "\(graphRoot)"
            runroot = "\(directory)/run"
            [storage.options]
            additionalimagestores = [\(imageStores.map { "\"\($0)\"" }.joined(separator: ", "))]
            """, to: "storage.conf")
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: directory + "/" + name, atomically: true, encoding: .utf8)
    }

    deinit { tearDown() }

    package var graphRoot: String { directory + "/graph" }
    /// Where it answers as a container runtime.
    package var socket: String { directory + "/runtime.sock" }

    /// What `program` prints, with podman's own configuration around it.
    @discardableResult
    package func podman(_ arguments: String...) throws -> String {
        String(decoding: try Tool.check(command + arguments), as: UTF8.self)
    }

    /// Starts a container that stays.
    /// - Returns: its id.
    package func run(_ image: String, _ command: [String] = ["/bin/sleep", "1000000"]) throws -> String {
        let group = "/" + (directory.split(separator: "/").last ?? "")
        let output = try Tool.check(
            self.command + [
                "run", "--detach", "--pull", "never", "--network", "none", "--cgroup-parent",
                group, image,
            ] + command)
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Returns when `socket` answers.
    /// - Parameter program: what makes a runtime of it.
    package func start(program: String) async throws {
        let service = directory + "/podman.sock"
        let server = try ChildProcess(
            environment + ["podman", "system", "service", "--time=0", "unix://\(service)"],
            logPath: directory + "/podman.log")
        processes.withLock { $0.append(server) }
        try await eventually("podman answers") { FileManager.default.fileExists(atPath: service) }
        let runtime = try ChildProcess(
            environment + ["python3", program, socket, service, graphRoot], logPath: directory + "/runtime.log")
        processes.withLock { $0.append(runtime) }
        _ = try await runtime.waitForLog("(serving)")
    }

    /// Ends what `start` started; containers go on.
    package func stop() {
        processes.withLock { processes in
            for process in processes.reversed() { process.stop() }
            processes = []
        }
        for name in ["podman.sock", "runtime.sock"] {
            try? FileManager.default.removeItem(atPath: directory + "/" + name)
        }
    }

    /// Ends it and all containers, unmounts everything, removes its files.
    package func tearDown() {
        stop()
        keeper.stop()
    }

    /// How podman's command is called.
    package var command: [String] { environment + ["timeout", "300", "podman"] }

    private var environment: [String] {
        ["env"]
            + [
                "CONTAINERS_CONF": "containers", "CONTAINERS_STORAGE_CONF": "storage",
                "CONTAINERS_REGISTRIES_CONF": "registries",
            ]
            .map { "\($0)=\(directory)/\($1).conf" }
    }

    /// Clears away behind a podman that is gone; see `ChildProcess`.
    private static let cleaning = """
        home=$1
        # conmon's children are the first processes of containers. Other processes' command lines are not asked for: one that waits in the
        # kernel may have to be waited for.
        for round in $(seq 200); do
            left=
            for monitor in $(pgrep -x conmon); do
                tr '\\0' ' ' <"/proc/$monitor/cmdline" 2>/dev/null | grep -qF -- " $home/" || continue
                left=yes
                pkill -9 -P "$monitor"
                kill -9 "$monitor"
            done
            [ -n "$left" ] || break
            sleep 0.05
        done
        grep -F " $home/" /proc/self/mountinfo | cut -d " " -f 5 | sort -r | xargs -r -n 1 umount -l
        for group in /sys/fs/cgroup/${home##*/} /sys/fs/cgroup/*/${home##*/}; do
            for round in $(seq 200); do
                [ -d "$group" ] || break
                find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
            done
        done
        """
}
