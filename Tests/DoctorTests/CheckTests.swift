import Config
import Doctor
import Foundation
import Node
import TestSupport
import Testing

@Suite("Checks")
struct CheckTests {
    private static let dropIn = "/etc/containerd/conf.d/90-imagelet.toml"
    private static let providers = """
        apiVersion: kubelet.config.k8s.io/v1
        kind: CredentialProviderConfig
        providers:
          - {name: ecr, matchImages: ["*.example"], defaultCacheDuration: 1h, apiVersion: credentialprovider.kubelet.k8s.io/v1}
        """

    /// What spoils a node, which check notices it, how bad it is, and what its finding or advice says.
    static let faults:
        [(check: String, verdict: Finding.Verdict, says: String, spoil: @Sendable (PlayedNode) throws -> Void)] = [
            ("kernel", .bad, "Linux 5.4", { $0.host.files["/proc/sys/kernel/osrelease"] = "5.4.0-1\n" }),
            ("kernel", .warning, "6.1", { $0.host.files["/proc/sys/kernel/osrelease"] = "6.1.0-13-amd64\n" }),
            ("kernel", .note, "6.11", { $0.host.files["/proc/sys/kernel/osrelease"] = "6.11\n" }),
            ("kernel", .warning, "no version", { $0.host.files["/proc/sys/kernel/osrelease"] = "x" }),
            ("file systems", .bad, "no overlay", { $0.host.files["/proc/filesystems"] = "nodev\tfuse\n" }),
            ("file systems", .note, "erofs", { $0.host.files["/proc/filesystems"] = "nodev\tfuse\nnodev\toverlay\n" }),
            ("FUSE device", .bad, "modprobe fuse", { $0.host.files["/dev/fuse"] = nil }),
            (
                "mount propagation", .bad, "make-rshared /,",
                { $0.host.files["/proc/1/mountinfo"] = "21 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n" }
            ),
            (
                "mount propagation", .bad, "/var/lib",
                {
                    $0.host.files["/proc/1/mountinfo"]? +=
                        "\n30 21 254:2 / /var/lib rw master:3 - ext4 /dev/vdb rw\n31 21 254:2 / /var/li rw - ext4 /dev/vdb rw"
                }
            ),
            ("mount propagation", .warning, "root", { $0.host.files["/proc/1/mountinfo"] = nil }),
            (
                "layer store", .bad, "namespace of its own",
                { $0.host.files["/proc/1/mountinfo"] = "21 1 254:1 / / rw shared:1 - ext4 /dev/vda1 rw\n" }
            ),
            ("daemon", .bad, "nobody", { $0.services.facts = .fails("nobody answers") }),
            (
                "daemon", .warning, "restart",
                { $0.services.facts = .says(DaemonFacts(version: "1", process: 77, runtime: "none")) }
            ),
            ("layer store", .note, "not looked at", { $0.services.facts = .fails("nobody answers") }),
            ("open files", .note, "not looked at", { $0.services.facts = .fails("nobody answers") }),
            (
                "open files", .warning, "1024 open files",
                { $0.host.files["/proc/77/limits"] = "Max open files  1024  4096  files" }
            ),
            ("open files", .note, "cannot be read", { $0.host.files["/proc/77/limits"] = nil }),
            ("image service", .bad, "timed out", { $0.services.service = .fails("timed out") }),
            ("runtime", .bad, "refused", { $0.services.knows = .fails("refused") }),
            ("runtime", .bad, "does not know", { $0.services.knows = .says(false) }),
            (
                "containerd configuration", .bad, "not there",
                { try FileManager.default.removeItem(atPath: $0.scratch.path + PlayedNode.containerd) }
            ),
            ("containerd configuration", .bad, "not TOML", { try $0.write(PlayedNode.containerd, "a") }),
            (
                "containerd configuration", .warning, "nothing of us",
                { try $0.write(PlayedNode.containerd, "version = 3\n") }
            ),
            (
                "containerd configuration", .bad, "no proxy plugin",
                {
                    try $0.write(
                        dropIn, "version = 3\n[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'imagelet'\n")
                }
            ),
            (
                "containerd configuration", .bad, "address",
                { $0.configuration.sockets.snapshots = "/run/other.sock" }
            ),
            (
                "containerd configuration", .warning, "nothing uses",
                { try $0.write(dropIn, proxy) }
            ),
            (
                "containerd configuration", .bad, "no unpack platforms defined",
                { try $0.write(dropIn, proxy + "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'imagelet'\n") }
            ),
            (
                "containerd configuration", .warning, "enable_remote_snapshot_annotations",
                {
                    try $0.write(
                        dropIn, proxy + "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'imagelet'\n" + unpack)
                }
            ),
            (
                "containerd configuration", .warning, "discard_unpacked_layers",
                {
                    let path = $0.scratch.path + dropIn
                    let text = try String(contentsOfFile: path, encoding: .utf8)
                    try $0.write(
                        dropIn,
                        text.replacing("discard_unpacked_layers = false", with: "discard_unpacked_layers = true"))
                }
            ),
            (
                "containerd configuration", .warning, "nothing is streamed",
                {
                    try $0.write(
                        PlayedNode.containerd,
                        "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\nsnapshotter = 'imagelet'\n"
                            + proxy)
                }
            ),
            (
                "containerd configuration", .warning, "nothing uses",
                {
                    // Version 2: the plugin's table is the last file's alone.
                    try $0.write(
                        PlayedNode.containerd,
                        "version = 2\nimports = ['conf.d/*.toml']\n"
                            + "[plugins.'io.containerd.grpc.v1.cri'.containerd]\nsnapshotter = 'imagelet'\n" + proxy)
                    try $0.write(dropIn, "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = 'x'\n")
                }
            ),
            ("storage configuration", .bad, "knows nothing of us", { $0.configuration.runtime = .crio }),
            ("installation", .bad, dropIn, { try $0.write(dropIn, "version = 3\n") }),
            ("installation", .bad, "cannot be read", { try $0.write(InstallRecord.path, "{}") }),
            (
                "installation", .note, "not set up",
                { try FileManager.default.removeItem(atPath: $0.scratch.path + InstallRecord.path) }
            ),
            ("kubelet", .warning, "--kubelet", { $0.host.run(["/usr/bin/kubelet", "--v=2"]) }),
            (
                "kubelet", .bad, "unix:///x.sock",
                { $0.host.run(["/usr/bin/kubelet", "--image-service-endpoint", "unix:///x.sock"]) }
            ),
            (
                "kubelet", .bad, "unix:///y.sock",
                {
                    $0.host.run(["/usr/bin/kubelet", "--config=/k.yaml", "--config-dir=/k.d"])
                    $0.host.files["/k.yaml"] = "imageServiceEndpoint: unix:///run/imagelet/imagelet.sock\n"
                    $0.host.files["/k.d/9.conf"] = "kind: x\nimageServiceEndpoint: \"unix:///y.sock\"\n"
                }
            ),
            ("credentials", .note, "not configured", { _ in }),
            (
                "credentials", .bad, "no program ecr",
                {
                    try $0.write("/p.yaml", providers)
                    $0.configuration.registries.credentialProviders.config = $0.scratch.path + "/p.yaml"
                    $0.configuration.registries.credentialProviders.binDirectory = "/bin/providers"
                }
            ),
            (
                "credentials", .bad, "no such file",
                {
                    $0.configuration.registries.credentialProviders.config = "/nowhere/p.yaml"
                    $0.configuration.registries.credentialProviders.binDirectory = "/bin/providers"
                }
            ),
            ("disk", .bad, "500 MiB free", { $0.host.room = Space(totalBytes: 100 << 30, availableBytes: 500 << 20) }),
            ("disk", .warning, "(10 %)", { $0.host.room = Space(totalBytes: 100 << 30, availableBytes: 10 << 30) }),
            ("disk", .warning, "rootDirectory", { $0.host.room = nil }),
            ("clock", .warning, "chrony", { $0.host.clockIsSynchronized = false }),
        ]

    private static let proxy = "[proxy_plugins.imagelet]\ntype = 'snapshot'\naddress = '/run/imagelet/snapshots.sock'\n"
    private static let unpack =
        "[[plugins.'io.containerd.transfer.v1.local'.unpack_config]]\nplatform = 'linux'\nsnapshotter = 'imagelet'\n"

    @Test("each can fail, and says what to do", arguments: faults.indices)
    func fails(number: Int) async throws {
        let fault = Self.faults[number]
        let node = try PlayedNode()
        try fault.spoil(node)
        let finding = try #require(await node.findings().first { $0.check == fault.check })
        #expect(finding.verdict == fault.verdict, "\(finding)")
        let text = "\(finding.found) \(finding.advice) "
        #expect(text.contains(fault.says), "\(finding)")
        #expect(finding.verdict == .note || !finding.advice.isEmpty, "\(finding)")
        #expect(!finding.lookedAt.isEmpty)
    }

    @Test("a node on which all is well")
    func healthy() async throws {
        let node = try PlayedNode()
        node.host.run(["/usr/bin/kubelet", "--config-dir=/k.d"])
        node.host.files["/k.d/20.conf"] = "imageServiceEndpoint: unix:///run/imagelet/imagelet.sock\n"
        node.host.files["/bin/providers/ecr"] = ""
        try node.write("/p.yaml", Self.providers)
        node.configuration.registries.credentialProviders.config = node.scratch.path + "/p.yaml"
        node.configuration.registries.credentialProviders.binDirectory = "/bin/providers"
        var facts = RegistryFacts(image: "a:b")
        (facts.ranges, facts.referrers, facts.index) = (.yes, .yes, .yes)
        let findings = await node.findings(facts)
        #expect(findings.filter { $0.verdict != .good } == [])
        #expect(Set(findings.map(\.check)).count == 19)
    }

    @Test("every check is among those that are made to fail")
    func complete() async throws {
        let names = Set(try await PlayedNode().findings().map(\.check))
        #expect(names == Set(Self.faults.map(\.check)))
    }

    @Test("containerd 2.1 with the transfer service, and a handler beside the node's own snapshotter, are good")
    func otherWays() async throws {
        for rest in [
            "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'imagelet'\n" + Self.unpack
                + "[proxy_plugins.imagelet.exports]\nenable_remote_snapshot_annotations = 'true'\n",
            "[plugins.'io.containerd.cri.v1.images'.runtime_platforms.lazy]\nsnapshotter = 'imagelet'\n",
        ] {
            let node = try PlayedNode()
            try node.write(Self.dropIn, "version = 3\n" + Self.proxy + rest)
            let finding = await node.findings().first { $0.check == "containerd configuration" }
            #expect(finding?.verdict == .good, "\(String(describing: finding))")
        }
    }

    @Test("without a runtime nobody has to know us")
    func embedded() async throws {
        let node = try PlayedNode()
        node.configuration.runtime = .none
        node.services.facts = .says(DaemonFacts(version: "1", process: 77, runtime: "none"))
        node.services.knows = .fails("no containerd")
        try node.write(PlayedNode.containerd, "version = 1")
        let bad = await node.findings().filter { $0.verdict == .bad }
        #expect(bad == [])
    }

    @Test("registries: refused, without ranges, without index, not to be asked")
    func registry() async throws {
        let node = try PlayedNode()
        func verdicts(_ facts: RegistryFacts) async -> [Finding.Verdict] {
            await node.findings(facts).suffix(4).map(\.verdict)
        }
        #expect(await verdicts(RegistryFacts(image: "a", failure: "401")) == [.bad, .note, .note, .note])
        var facts = RegistryFacts(image: "a")
        (facts.ranges, facts.referrers, facts.index) = (.no("it sent the whole"), .no("by tag"), .no("none"))
        #expect(await verdicts(facts) == [.good, .warning, .note, .note])
        (facts.ranges, facts.referrers, facts.index) = (.unknown("timed out"), .unknown("odd"), .unknown("refused"))
        #expect(await verdicts(facts) == [.good, .note, .note, .note])
    }

    @Test("files of any kind are read without harm")
    func oddities() async throws {
        let node = try PlayedNode()
        for file in node.host.files.keys {
            node.host.files[file] = " \n\t - - : shared: \0\n9999999999999999999.1 a b c d e f - \n"
        }
        node.host.room = Space(totalBytes: 0, availableBytes: 0)
        #expect(await node.findings().count == 16)
    }
}

extension PlayedHost {
    /// A kubelet with this command line.
    mutating func run(_ words: [String]) {
        files["/proc/4711/comm"] = "kubelet\n"
        files["/proc/4711/cmdline"] = words.joined(separator: "\0") + "\0"
    }
}
