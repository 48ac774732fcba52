import Config
import Foundation
import Node
import TestSupport

/// A node's file system in a directory of its own.
final class NodeFixture {
    let scratch: ScratchDirectory
    var root: NodeRoot { NodeRoot(scratch.path) }

    init(_ files: [String: String]) throws {
        scratch = try ScratchDirectory()
        for (path, text) in files { try write(path, text) }
    }

    func write(_ path: String, _ text: String) throws {
        let url = URL(fileURLWithPath: scratch.path + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    /// Every file and directory below, files with their permissions and bytes.
    func snapshot() throws -> [String: String] {
        var result: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: scratch.path) {
            let path = scratch.path + "/" + name
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                result[name] = "-"
                continue
            }
            let mode = (attributes[.posixPermissions] as? Int) ?? 0
            result[name] = "\(mode) " + (try String(contentsOfFile: path, encoding: .utf8))
        }
        return result
    }

    func text(_ path: String) throws -> String { try String(contentsOfFile: scratch.path + path, encoding: .utf8) }

    func plan(_ wish: InstallPlan.Wish = .init()) throws -> InstallPlan {
        try InstallPlan(for: wish, in: root, ImageletConfiguration(), record: try InstallRecord.load(from: root))
    }

    @discardableResult
    func install(_ wish: InstallPlan.Wish = .init()) throws -> [FileChange] {
        try Installation(in: root).install(try plan(wish), over: try InstallRecord.load(from: root))
    }

    @discardableResult
    func uninstall() throws -> [FileChange] {
        guard let record = try InstallRecord.load(from: root) else { return [] }
        return try Installation(in: root).uninstall(record)
    }

    /// What refuses to plan, and that it touched nothing.
    func refusal(_ wish: InstallPlan.Wish = .init()) throws -> NodeError? {
        let before = try snapshot()
        do {
            try install(wish)
            return nil
        } catch let error as NodeError {
            let after = try snapshot()
            return before == after ? error : NodeError(.inaccessible, "refused, but changed something: \(error)")
        }
    }
}

/// Nodes as they are found.
enum Nodes {
    static let unit = "[Unit]\nDescription=x\n"

    /// What Debian's containerd package installs.
    static let debian: [String: String] = [
        "/usr/bin/containerd": "", "/lib/systemd/system/containerd.service": unit,
        "/etc/containerd/config.toml": """
        version = 2

        [plugins]
          [plugins."io.containerd.grpc.v1.cri"]
            [plugins."io.containerd.grpc.v1.cri".cni]
              bin_dir = "/usr/lib/cni"
              conf_dir = "/etc/cni/net.d"
          [plugins."io.containerd.internal.v1.opt"]
            path = "/var/lib/containerd/opt"

        """,
    ]

    /// The parts of `containerd config default` that matter, as 1.7 writes them.
    static let generated: [String: String] = debian.merging([
        "/etc/containerd/config.toml": """
        disabled_plugins = []
        imports = []
        oom_score = 0
        version = 2

        [plugins]

          [plugins."io.containerd.grpc.v1.cri"]
            sandbox_image = "registry.k8s.io/pause:3.8"

            [plugins."io.containerd.grpc.v1.cri".containerd]
              default_runtime_name = "runc"
              disable_snapshot_annotations = true
              discard_unpacked_layers = false
              snapshotter = "overlayfs"  # as ever

              [plugins."io.containerd.grpc.v1.cri".containerd.runtimes]

                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                  runtime_type = "io.containerd.runc.v2"
                  snapshotter = ""

                  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                    SystemdCgroup = true

        [proxy_plugins]
        """
    ]) { $1 }

    /// containerd 2.2 as its package configures it.
    static let second: [String: String] = debian.merging([
        "/etc/containerd/config.toml": "version = 3\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n"
    ]) { $1 }

    static let kubeadm: [String: String] = debian.merging([
        "/usr/lib/systemd/system/kubelet.service": unit + "[Service]\nExecStart=/usr/bin/kubelet\n",
        "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": """
        [Service]
        EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
        EnvironmentFile=-/etc/default/kubelet
        ExecStart=
        ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS

        """,
    ]) { $1 }

    static let k3s: [String: String] = [
        "/usr/local/bin/k3s": "", "/usr/bin/containerd": "", "/etc/systemd/system/k3s.service": unit,
        "/etc/rancher/k3s/config.yaml": "write-kubeconfig-mode: \"0644\"\n",
        "/var/lib/rancher/k3s/agent/etc/containerd/config.toml": """
        version = 3
        imports = ["/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.d/*.toml"]

        """,
    ]

    static let eks: [String: String] = [
        "/usr/bin/nodeadm": "", "/usr/bin/containerd": "", "/etc/eks/nodeadm.d/10-pods.yaml": "kind: NodeConfig\n",
        "/usr/lib/systemd/system/containerd.service": unit, "/etc/systemd/system/kubelet.service": unit,
    ]

    static let storage = "/etc/containers/storage.conf"

    /// CRI-O as its package installs it.
    static let crio: [String: String] = [
        "/usr/bin/crio": "", "/usr/lib/systemd/system/crio.service": unit,
        "/etc/crio/crio.conf.d/10-crio.conf": "[crio.image]\nsignature_policy = \"/etc/crio/policy.json\"\n",
    ]

    /// As the library's example stands on many nodes: its list over several lines.
    static let storageExample = """
        # This file is the configuration file for all tools that use the containers/storage library.
        [storage]
        driver = "overlay"
        runroot = "/run/containers/storage"
        graphroot = "/var/lib/containers/storage"

        [storage.options]
        # AdditionalImageStores is used to pass paths to additional Read/Only image stores
        additionalimagestores = [
          "/usr/lib/containers/storage",  # the vendor's
        ]
        pull_options = {enable_partial_images = "true", use_hard_links = "false", ostree_repos=""}

        [storage.options.overlay]
        mountopt = "nodev,metacopy=on"

        """
}
