import Config
import Foundation
import Glibc
import Node
import TestSupport
import Testing

@Suite("node install and uninstall")
struct InstallTests {
    /// Every node that can be set up.
    static let nodes: [(name: String, files: [String: String], kubelet: Bool)] = [
        ("Debian", Nodes.debian, false), ("config default", Nodes.generated, false),
        ("containerd 2", Nodes.second, false),
        ("containerd without configuration", Nodes.debian.filter { $0.key != "/etc/containerd/config.toml" }, false),
        ("kubeadm", Nodes.kubeadm, true), ("k3s", Nodes.k3s, true), ("EKS", Nodes.eks, true),
        ("CRI-O", Nodes.crio, false),
        ("CRI-O with storage.conf", Nodes.crio.merging([Nodes.storage: Nodes.storageExample]) { $1 }, false),
        (
            "CRI-O with the vendor's storage.conf and options of its own",
            Nodes.crio.merging([
                "/usr/share/containers/storage.conf": Nodes.storageExample,
                "/etc/crio/crio.conf": "[crio]\nstorage_option = [\n  \"overlay.mountopt=nodev\",\n]\n",
            ]) { $1 }, false
        ),
        (
            "without a line end at the end",
            Nodes.debian.merging(["/etc/containerd/config.toml": "version = 2\n[grpc]\n  gid = 0"]) { $1 }, false
        ),
    ]

    @Test("is idempotent, and undone byte for byte", arguments: nodes)
    func thereAndBack(name: String, files: [String: String], kubelet: Bool) throws {
        let node = try NodeFixture(files)
        let before = try node.snapshot()
        let wish = InstallPlan.Wish(kubelet: kubelet)
        let diff = try node.plan(wish).diff
        #expect(try node.snapshot() == before, "a plan touches nothing")

        #expect(try node.install(wish).map(\.diff).joined() == diff)
        let installed = try node.snapshot()
        #expect(installed != before)
        #expect(try node.install(wish) == [])
        #expect(try node.snapshot() == installed)

        try node.uninstall()
        var after = try node.snapshot()
        // Where the package has its state anyway.
        for place in ["var", "var/lib", "var/lib/imagelet"] where before[place] == nil { after[place] = nil }
        #expect(after == before)
        #expect(try node.uninstall() == [])
    }

    @Test("permissions of a file that is edited stay")
    func permissions() throws {
        let node = try NodeFixture(Nodes.debian)
        chmod(node.scratch.path + "/etc/containerd/config.toml", 0o640)
        try node.install()
        #expect(try node.snapshot()["etc/containerd/config.toml"]?.hasPrefix("\(0o640) ") == true)
    }

    @Test("a second installation with other wishes leaves only what it asks for")
    func fewerWishes() throws {
        let node = try NodeFixture(Nodes.kubeadm)
        try node.install(.init(kubelet: true))
        try node.install()
        let files = try node.snapshot()
        #expect(files["etc/default/kubelet"] == nil)
        #expect(files["etc/systemd/system/kubelet.service.d/10-imagelet.conf"] == nil)
        #expect(files["etc/systemd/system/containerd.service.d/10-imagelet.conf"] != nil)
    }

    @Test("what others changed around our lines stays when they are taken out")
    func editedAround() throws {
        let node = try NodeFixture(Nodes.generated)
        try node.install()
        let path = "/etc/containerd/config.toml"
        let edited = try node.text(path).replacing("oom_score = 0", with: "oom_score = -999")
        try node.write(path, edited)
        #expect(throws: NodeError.self) { try node.plan() }
        try node.uninstall()
        let original = try #require(Nodes.generated[path])
        #expect(try node.text(path) == original.replacing("oom_score = 0", with: "oom_score = -999"))
    }

    @Test("changes to our own lines are refused, and nothing is changed")
    func editedInside() throws {
        for (path, word, other) in [
            ("/etc/containerd/config.toml", "snapshotter = \"imagelet\"", "snapshotter = \"overlayfs\""),
            ("/etc/systemd/system/containerd.service.d/10-imagelet.conf", "Wants=", "Requires="),
        ] {
            let node = try NodeFixture(Nodes.debian)
            try node.install()
            try node.write(path, node.text(path).replacing(word, with: other))
            let before = try node.snapshot()
            let error = #expect(throws: NodeError.self) { try node.uninstall() }
            #expect(error?.code == .foreign && error?.message.hasPrefix(path) == true)
            #expect(try node.refusal()?.message.hasPrefix(path) == true)
            #expect(try node.snapshot() == before)
        }
    }

    @Test("an installation that was cut off is completed, or taken back")
    func halfInstalled() throws {
        for completes in [true, false] {
            let node = try NodeFixture(Nodes.kubeadm)
            let before = try node.snapshot()
            let wish = InstallPlan.Wish(kubelet: true)
            try node.install(wish)
            let whole = try node.snapshot()
            // As if the last two writes had not happened.
            try FileManager.default.removeItem(atPath: node.scratch.path + "/etc/default/kubelet")
            try node.write("/etc/containerd/config.toml", try #require(Nodes.kubeadm["/etc/containerd/config.toml"]))
            if completes {
                #expect(try node.install(wish).count == 2)
                #expect(try node.snapshot() == whole)
            } else {
                try node.uninstall()
                #expect(
                    try node.snapshot().keys.filter { $0.hasPrefix("etc") }.sorted()
                        == before.keys.filter { $0.hasPrefix("etc") }.sorted())
            }
        }
    }

    @Test("a write that fails takes the others back")
    func rollback() throws {
        let node = try NodeFixture(Nodes.kubeadm)
        // The plan sees no file there, and a directory cannot be made below one.
        try node.write("/etc/default", "not a directory")
        let error = try node.refusal(.init(kubelet: true))
        #expect(error?.code == .inaccessible)
        #expect(error?.message.contains("/etc/default") == true)
    }

    @Test("a record that cannot be read stops everything")
    func brokenRecord() throws {
        let node = try NodeFixture(Nodes.debian)
        try node.write(InstallRecord.path, "{\"files\": 1")
        #expect(try node.refusal()?.code == .foreign)
    }

    @Test("links out of a mounted root are not followed")
    func escape() throws {
        let node = try NodeFixture(Nodes.debian)
        let outside = try ScratchDirectory()
        try FileManager.default.createSymbolicLink(
            atPath: node.scratch.path + "/etc/systemd", withDestinationPath: outside.path)
        let error = try node.refusal()
        #expect(error?.message.contains("symbolic link") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == [])
    }
}
