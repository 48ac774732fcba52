import Config
import Foundation
import Node
import TOML
import Testing

@testable import Node

@Suite("What is written where")
struct RuntimeTests {
    private let main = "/etc/containerd/config.toml"

    private func leaves(_ text: String) throws -> [[String]: TOMLNode] { try TOMLTable(parsing: text).leaves }

    @Test("version 2: the main file, all else as it was")
    func version2() throws {
        for files in [Nodes.debian, Nodes.generated] {
            let node = try NodeFixture(files)
            let before = try leaves(node.text(main))
            try node.install()
            let after = try leaves(node.text(main))
            let cri = ["plugins", "io.containerd.grpc.v1.cri", "containerd"]
            #expect(after[cri + ["snapshotter"]] == .string("imagelet"))
            #expect(after[cri + ["disable_snapshot_annotations"]] == .bool(false))
            #expect(after[["proxy_plugins", "imagelet", "address"]] == .string("/run/imagelet/snapshots.sock"))
            #expect(after[["proxy_plugins", "imagelet", "exports", "root"]] == .string("/var/lib/imagelet"))
            for (path, value) in before where after[path] != value {
                #expect(["snapshotter", "disable_snapshot_annotations"].contains(path.last), "\(path)")
            }
            #expect(try node.snapshot()["etc/containerd/conf.d"] == nil)
        }
    }

    @Test("version 3: a drop-in where the file imports from, or a line that imports it")
    func version3() throws {
        let imports = "imports = [\"/etc/containerd/conf.d/*.toml\"]"
        for (text, place, isEdited) in [
            ("version = 3\n\(imports)\n", "conf.d", false),
            ("version = 3\nimports = ['more/*.toml']\n", "more", false),
            ("version = 3\nimports = []\nroot = \"/x\"\n", "conf.d", true),
            ("# mine\nversion = 3\n[grpc]\n  gid = 0\n", "conf.d", true), ("version = 4\n", "conf.d", true),
        ] {
            let node = try NodeFixture(Nodes.debian.merging([main: text]) { $1 })
            try node.install()
            let dropIn = try TOMLTable(parsing: node.text("/etc/containerd/\(place)/90-imagelet.toml"))
            #expect(dropIn["version"] == .other("3"))
            let name = dropIn[["plugins", "io.containerd.cri.v1.images", "snapshotter"]]
            #expect(name == .string("imagelet"))
            #expect(try (node.text(main) != text) == isEdited)
            if isEdited { #expect(try node.text(main).contains("\n\(imports)\n")) }
        }
    }

    @Test("the manifests say the same")
    func manifests() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../manifests")
        func manifest(_ name: String) throws -> String {
            try String(contentsOf: directory.appending(path: name), encoding: .utf8)
        }
        for (name, version) in [("containerd-1.6.toml", 2), ("containerd-2.0.toml", 3)] {
            let settings = ContainerdSettings.tables(version: version, ImageletConfiguration())
            let ours = settings.document(version: version, heading: [])
            #expect(try leaves(ours) == leaves(manifest("containerd/" + name)))
        }
        #expect(try manifest("systemd/10-imagelet.conf") == InstallPlan.unitText)
        let node = NodeadmPlan.text(ImageletConfiguration(), kubelet: true)
        #expect(try manifest("eks/90-imagelet.yaml") == node)
    }

    @Test("user namespaces are left to imagelet where it was configured so, and containerd knows the word")
    func userNamespaces() throws {
        let capabilities = ["proxy_plugins", "imagelet", "capabilities"]
        func told(_ version: Int, _ configuration: ImageletConfiguration) throws -> TOMLNode? {
            let settings = ContainerdSettings.tables(version: version, configuration)
            return try TOMLTable(parsing: settings.document(version: version, heading: []))[capabilities]
        }
        var configuration = ImageletConfiguration()
        #expect(try told(3, configuration) == nil)
        configuration.idMappedMounts = true
        #expect(try told(3, configuration) == .array([.string("remap-ids")]))
        #expect(try told(2, configuration) == nil)
    }

    @Test("user namespaces are not left to imagelet on a kernel that cannot map them", arguments: [false, true])
    func oldKernels(isWanted: Bool) throws {
        let node = try NodeFixture(Nodes.debian)
        var configuration = ImageletConfiguration()
        configuration.idMappedMounts = isWanted
        for (release, isEnough) in [("6.11.9-amd64\n", false), ("6.12.1\n", true), ("5.15.0-1\n", false)] {
            try node.write(KernelVersion.file, release)
            if isEnough || !isWanted {
                #expect(throws: Never.self) { try InstallPlan(for: .init(), in: node.root, configuration) }
            } else {
                #expect { try InstallPlan(for: .init(), in: node.root, configuration) } throws: { error in
                    let error = error as? NodeError
                    return error?.code == .unsupported && error?.message.contains("idMappedMounts") == true
                }
            }
        }
    }

    @Test("kubeadm: the operator's file, whatever stands in it")
    func kubeadm() throws {
        let flag = "--image-service-endpoint=unix:///run/imagelet/imagelet.sock"
        for (text, line) in [
            (nil, "KUBELET_EXTRA_ARGS=\(flag)"),
            ("KUBELET_EXTRA_ARGS=\n", "KUBELET_EXTRA_ARGS=\"\(flag)\""),
            (
                "A=1\nKUBELET_EXTRA_ARGS=--node-ip=10.0.0.1 --v=2\nB=2\n",
                "KUBELET_EXTRA_ARGS=\"--node-ip=10.0.0.1 --v=2 \(flag)\""
            ),
            ("KUBELET_EXTRA_ARGS='--v=2'\n", "KUBELET_EXTRA_ARGS='--v=2 \(flag)'"),
            ("A=1", "KUBELET_EXTRA_ARGS=\(flag)"),
        ] as [(String?, String)] {
            var files = Nodes.kubeadm
            files["/etc/default/kubelet"] = text
            let node = try NodeFixture(files)
            try node.install(.init(kubelet: true))
            let lines = try node.text("/etc/default/kubelet").split(separator: "\n").map(String.init)
            #expect(lines.filter { $0.hasPrefix("KUBELET_EXTRA_ARGS=") } == [line])
        }
    }

    @Test("a kubelet with a directory of drop-ins gets one")
    func configDirectory() throws {
        var files = Nodes.debian
        files["/etc/systemd/system/kubelet.service"] =
            "[Service]\nExecStart=/usr/bin/kubelet --config-dir=/etc/kubernetes/kubelet.conf.d --v=2\n"
        let node = try NodeFixture(files)
        let plan = try node.plan(.init(kubelet: true))
        #expect(plan.restarts == ["imagelet.service", "containerd.service", "kubelet.service"])
        try node.install(.init(kubelet: true))
        let text = try node.text("/etc/kubernetes/kubelet.conf.d/90-imagelet.conf")
        #expect(text.contains("kind: KubeletConfiguration\nimageServiceEndpoint: unix:///run/imagelet/imagelet.sock\n"))
    }

    @Test("k3s: drop-ins of its own, and the socket of its containerd")
    func k3s() throws {
        let node = try NodeFixture(Nodes.k3s)
        let plan = try node.plan(.init(runtime: .containerd, kubelet: true))
        #expect(plan.runtime == .k3s && plan.restarts == ["imagelet.service", "k3s.service"])
        try node.install(.init(kubelet: true))
        #expect(
            try node.text("/etc/rancher/k3s/config.yaml.d/90-imagelet.yaml")
                .hasSuffix("\nimage-service-endpoint: unix:///run/imagelet/imagelet.sock\n"))
        #expect(
            try node.text("/etc/imagelet/config.d/90-node.yaml")
                .hasSuffix("runtime: containerd\nsockets:\n  runtime: /run/k3s/containerd/containerd.sock\n"))
        let dropIn = "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.d/90-imagelet.toml"
        #expect(try leaves(node.text(dropIn))[["proxy_plugins", "imagelet", "type"]] == .string("snapshot"))
    }
}
