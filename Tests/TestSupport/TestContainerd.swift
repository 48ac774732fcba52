import Foundation
import Synchronization

/// Debian's `containerd` with root, state and socket of its own, for the network of this machine alone (no CNI), with runc.
///
/// Containers and their shims outlive containerd, as they should; `tearDown`, or the end of the test process, ends them all.
package final class TestContainerd: Sendable {
    /// Holds everything: `root`, `state`, `containerd.sock`, log.
    package let directory: String
    /// Ends with this value and clears away behind containerd.
    private let keeper: ChildProcess
    private let process = Mutex<ChildProcess?>(nil)

    /// Whether it can run on this machine.
    package static var isPossible: Bool {
        ["containerd", "runc", "ctr"].allSatisfy(Tool.isInstalled)
            && FileManager.default.fileExists(atPath: "/bin/busybox")
    }

    /// Writes the configuration; `start` starts it.
    /// - Parameters:
    ///   - sandboxImage: full reference of the image of every sandbox.
    ///   - isProxied: whether CRI uses the proxy snapshotter `imagelet` at `snapshotsSocket`, not containerd's `overlayfs`.
    package init(sandboxImage: String, isProxied: Bool) throws {
        directory = makeTemporaryDirectory()
        for name in ["cni", "certs.d"] {
            try FileManager.default.createDirectory(
                atPath: directory + "/" + name, withIntermediateDirectories: false)
        }
        try Self.configuration(directory, sandboxImage, isProxied).write(
            toFile: directory + "/config.toml", atomically: true, encoding: .utf8)
        keeper = try ChildProcess(
            ["sleep", "infinity"], logPath: directory + "/keeper.log", removing: directory, cleaning: Self.cleaning)
    }

    deinit { tearDown() }

    package var socket: String { directory + "/containerd.sock" }
    /// Where a proxy snapshotter is to listen.
    package var snapshotsSocket: String { directory + "/snapshots.sock" }
    package var root: String { directory + "/root" }
    /// What sandboxes name as their parent, so that their control groups can be found again.
    package var controlGroup: String { "/" + (directory.split(separator: "/").last ?? "") }
    package var log: String { process.withLock { $0?.log ?? "" } }

    /// The root file system of a running container of CRI, as mounted on the machine.
    package func rootfs(of container: String) -> String {
        directory + "/state/io.containerd.runtime.v2.task/k8s.io/\(container)/rootfs"
    }

    /// Returns when its socket answers; CRI may need a moment more.
    package func start() async throws {
        let started = try ChildProcess(
            ["containerd", "--config", directory + "/config.toml"], logPath: directory + "/containerd.log")
        process.withLock { $0 = started }
        _ = try await started.waitForLog("(successfully booted)")
    }

    /// Ends it with SIGKILL; containers go on.
    package func kill() {
        process.withLock {
            $0?.stop()
            $0 = nil
        }
    }

    /// Ends it and all containers, unmounts everything, removes its files.
    package func tearDown() {
        kill()
        keeper.stop()
    }

    /// What containerd's own command line client prints.
    @discardableResult
    package func ctr(_ arguments: String..., namespace: String = "k8s.io") throws -> String {
        try String(
            decoding: Tool.check(["ctr", "--address", socket, "--namespace", namespace] + arguments), as: UTF8.self)
    }

    /// Digests in the content store of a namespace.
    package func content(namespace: String = "k8s.io") throws -> Set<String> {
        try Set(ctr("content", "ls", "--quiet", namespace: namespace).split(separator: "\n").map(String.init))
    }

    /// Clears away behind a containerd that is gone; see `ChildProcess`.
    private static let cleaning = """
        home=$1
        # A shim may still be being born: look until there is none. Its children are the first processes of containers.
        # Other processes' command lines are not asked for: one that waits in the kernel may have to be waited for.
        for round in $(seq 200); do
            left=
            for shim in $(pgrep -x containerd-shim); do
                tr '\\0' ' ' <"/proc/$shim/cmdline" 2>/dev/null | grep -qF -- "-address $home/containerd.sock" || continue
                left=yes
                pkill -9 -P "$shim"
                kill -9 "$shim"
            done
            [ -n "$left" ] || break
            sleep 0.05
        done
        cat "$home"/state/io.containerd.runtime.v2.task/*/*/address 2>/dev/null |
            sed 's,unix://,\\n,g' | grep . | xargs -r rm -f
        grep -F " $home/" /proc/self/mountinfo | cut -d " " -f 5 | sort -r | xargs -r -n 1 umount -l
        for group in /sys/fs/cgroup/${home##*/} /sys/fs/cgroup/*/${home##*/}; do
            for round in $(seq 200); do
                [ -d "$group" ] || break
                find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
            done
        done
        """

    private static func configuration(_ directory: String, _ sandboxImage: String, _ isProxied: Bool) -> String {
        // The tables of containerd 1.6 and 1.7; specs/containerd.md 9.
        let cri = #"plugins."io.containerd.grpc.v1.cri""#
        return """
            version = 2
            root = "\(directory)/root"
            state = "\(directory)/state"
            disabled_plugins = [
              "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
              "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
            ]
            [grpc]
              address = "\(directory)/containerd.sock"
            [debug]
              level = "debug"
            [plugins."io.containerd.internal.v1.opt"]
              path = "\(directory)/opt"
            [\(cri)]
              sandbox_image = "\(sandboxImage)"
              disable_apparmor = true
              restrict_oom_score_adj = true
              [\(cri).cni]
                bin_dir = "\(directory)/cni"
                conf_dir = "\(directory)/cni"
              [\(cri).registry]
                config_path = "\(directory)/certs.d"
              [\(cri).containerd]
                snapshotter = "\(isProxied ? "imagelet" : "overlayfs")"
                disable_snapshot_annotations = false
            \(handler("runc", of: cri, directory))
            \(handler("imagelet", of: cri, directory))
            [proxy_plugins.imagelet]
              type = "snapshot"
              address = "\(directory)/snapshots.sock"

            """
    }

    /// A runtime handler as RuntimeClasses name it.
    private static func handler(_ name: String, of cri: String, _ directory: String) -> String {
        """
                [\(cri).containerd.runtimes.\(name)]
                  runtime_type = "io.containerd.runc.v2"
                  [\(cri).containerd.runtimes.\(name).options]
                    Root = "\(directory)/runc"
                    SystemdCgroup = false
        """
    }
}
