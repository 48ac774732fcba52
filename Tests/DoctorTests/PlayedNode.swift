import Config
import Doctor
import Foundation
import Node
import TestSupport

/// A machine that is what the test says.
struct PlayedHost: Machine {
    var files: [String: String] = [
        "/proc/sys/kernel/osrelease": "6.18.1-cloud-amd64\n",
        "/proc/filesystems": "nodev\tsysfs\n\text4\nnodev\tfuse\nnodev\toverlay\n\terofs\n",
        "/dev/fuse": "",
        "/proc/1/mountinfo": """
        21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
        99 21 0:44 / /var/lib/imagelet/store ro shared:7 - fuse.imagelet imagelet ro
        """,
        "/proc/77/limits":
            "Limit  Soft Limit  Hard Limit  Units\nMax open files            1048576    1048576    files\n",
    ]
    var room: Space? = Space(totalBytes: 100 << 30, availableBytes: 50 << 30)
    var clockIsSynchronized = true
    /// When files were changed.
    var times: [String: Int64] = [:]

    func modificationTime(of path: String) -> Int64? { times[path] }

    func text(_ path: String) -> String? { files[path] }

    func names(in directory: String) -> [String] {
        let below = files.keys.filter { $0.hasPrefix(directory + "/") }.map { $0.dropFirst(directory.count + 1) }
        return Set(below.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    }

    func space(at path: String) -> Space? { room }
}

struct PlayedServices: NodeServices {
    var facts: Answer<DaemonFacts> = .says(DaemonFacts(version: "1", process: 77, runtime: "containerd"))
    var service: Answer<Void> = .says(())
    var knows: Answer<Bool> = .says(true)

    func daemon() async -> Answer<DaemonFacts> { facts }
    func images() async -> Answer<Void> { service }
    func runtimeKnowsUs() async -> Answer<Bool> { knows }
}

/// A node on which all is well, to be spoiled by one thing.
final class PlayedNode {
    var host = PlayedHost()
    var services = PlayedServices()
    var configuration = ImageletConfiguration()
    let scratch: ScratchDirectory
    static let containerd = "/etc/containerd/config.toml"

    init() throws {
        scratch = try ScratchDirectory()
        configuration.runtime = .containerd
        try write("/usr/bin/containerd", "")
        try write("/lib/systemd/system/containerd.service", "[Unit]\n")
        try write(Self.containerd, "version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n")
        let plan = try InstallPlan(for: .init(), in: root, configuration)
        try Installation(in: root).install(plan)
    }

    var root: NodeRoot { NodeRoot(scratch.path) }

    func uninstall() throws {
        guard let record = try InstallRecord.load(from: root) else { return }
        try Installation(in: root).uninstall(record)
    }

    func write(_ path: String, _ text: String) throws {
        let url = URL(fileURLWithPath: scratch.path + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func findings(_ registry: RegistryFacts? = nil) async -> [Finding] {
        await Examination(registry: registry).run(
            Surroundings(host: host, services: services, configuration: configuration, root: root))
    }
}
