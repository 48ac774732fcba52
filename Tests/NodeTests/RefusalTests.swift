import Node
import Testing

@Suite("What is refused, and left as it is")
struct RefusalTests {
    private static let main = "/etc/containerd/config.toml"

    private static func containerd(_ text: String) -> [String: String] {
        Nodes.debian.merging([main: text]) { $1 }
    }

    private static let kubeletUnit = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"

    static let cases: [(name: String, files: [String: String], code: NodeError.Code, says: String)] = [
        ("nothing", [:], .notFound, "no container runtime"),
        ("two runtimes", Nodes.debian.merging(["/usr/bin/crio": ""]) { $1 }, .notFound, "--runtime"),
        (
            "CRI-O with another driver", Nodes.crio.merging([Nodes.storage: "[storage]\ndriver = 'btrfs'\n"]) { $1 },
            .unsupported, "another storage driver"
        ),
        (
            "CRI-O with another driver of its own",
            Nodes.crio.merging(["/etc/crio/crio.conf": "[crio]\nstorage_driver = \"vfs\"\n"]) { $1 }, .unsupported,
            "/etc/crio/crio.conf names another"
        ),
        (
            "CRI-O with our listing by hand",
            Nodes.crio.merging([
                Nodes.storage: "[storage.options]\nadditionalimagestores = ['/var/lib/imagelet/images']\n"
            ]) {
                $1
            }, .foreign, "already"
        ),
        ("storage.conf that is not TOML", Nodes.crio.merging([Nodes.storage: "[storage\n"]) { $1 }, .foreign, "line 1"),
        (
            "stores that are no list",
            Nodes.crio.merging([Nodes.storage: "[storage.options]\nadditionalimagestores = '/a'\n"]) { $1 }, .foreign,
            "list"
        ),
        (
            "options in braces", Nodes.crio.merging([Nodes.storage: "storage = { options = { size = '' } }\n"]) { $1 },
            .foreign, "line by line"
        ),
        (
            "driver options behind ours",
            Nodes.crio.merging(["/etc/crio/crio.conf.d/99-x.conf": "[crio]\nstorage_option = ['overlay.size=1G']\n"]) {
                $1
            },
            .foreign, "99-x.conf"
        ),
        ("not TOML", containerd("version = 2\n[plugins"), .foreign, "line 2"),
        ("version 1", containerd("oom_score = 0\n"), .unsupported, "config migrate"),
        (
            "another snapshotter",
            containerd("version = 3\n[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'soci'\n"),
            .foreign, "'soci'"
        ),
        (
            "ours by hand", containerd("version = 2\n[proxy_plugins.imagelet]\ntype = 'snapshot'\n"), .foreign,
            "by hand"
        ),
        ("no CRI", containerd("version = 2\ndisabled_plugins = ['cri']\n"), .unsupported, "disables"),
        (
            "tables in braces",
            containerd("version = 2\nplugins = { 'io.containerd.grpc.v1.cri' = { containerd = {} } }\n"), .foreign,
            "line by line"
        ),
        (
            "text that looks like a table",
            containerd("version = 2\na = '''\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\n'''\n"), .foreign,
            "line by line"
        ),
        (
            "an import that replaces the plugin's table in version 2",
            containerd("version = 2\nimports = ['conf.d/*.toml']\n")
                .merging(["/etc/containerd/conf.d/a.toml": "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\n"]) {
                    $1
                },
            .foreign, "/etc/containerd/conf.d/a.toml"
        ),
        (
            "an import with another snapshotter in version 3",
            Nodes.second.merging([
                "/etc/containerd/conf.d/a.toml": "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'nydus'\n"
            ]) { $1 }, .foreign, "'nydus'"
        ),
        (
            "a drop-in of our name",
            Nodes.second.merging(["/etc/containerd/conf.d/90-imagelet.toml": "version = 3\n"]) { $1 },
            .foreign, "there already"
        ),
        (
            "a unit drop-in of our name",
            Nodes.debian.merging(["/etc/systemd/system/containerd.service.d/10-imagelet.conf": "[Unit]\n"]) { $1 },
            .foreign, "there already"
        ),
        ("no kubelet", Nodes.debian, .notFound, "kubelet.service"),
        (
            "a kubelet that reads nothing of ours",
            Nodes.debian.merging(["/lib/systemd/system/kubelet.service": "[Service]\nExecStart=/usr/bin/kubelet\n"]) {
                $1
            },
            .unsupported, "--image-service-endpoint"
        ),
        (
            "a kubelet that has an endpoint",
            Nodes.kubeadm.merging(["/etc/default/kubelet": "KUBELET_EXTRA_ARGS=--image-service-endpoint=unix:///x\n"]) {
                $1
            },
            .foreign, "already"
        ),
        (
            "flags in quotes in quotes",
            Nodes.kubeadm.merging(["/etc/default/kubelet": "KUBELET_EXTRA_ARGS=\"--a=\\\"b\\\"\"\n"]) { $1 }, .foreign,
            "quoted"
        ),
        (
            "k3s that imports nothing",
            Nodes.k3s.merging(["/var/lib/rancher/k3s/agent/etc/containerd/config.toml": "version = 2\n"]) { $1 },
            .unsupported, "does not import"
        ),
        (
            "k3s that never ran",
            Nodes.k3s.filter { !$0.key.hasPrefix("/var") }, .notFound, "start k3s once"
        ),
        (
            "EKS with soci",
            Nodes.eks.merging(["/etc/eks/nodeadm.d/20.yaml": "featureGates: {FastImagePull: true}\n"]) { $1 },
            .foreign, "FastImagePull"
        ),
    ]

    @Test(arguments: cases)
    func isRefused(name: String, files: [String: String], code: NodeError.Code, says: String) throws {
        let node = try NodeFixture(files)
        let isOfKubelet = name.contains("kubelet") || name.contains("quotes")
        let error = try node.refusal(.init(kubelet: isOfKubelet))
        #expect(error?.code == code)
        #expect(error?.message.contains(says) == true, "\(String(describing: error))")
    }

    @Test("a runtime that was asked for and is not here")
    func asked() throws {
        let error = try NodeFixture(Nodes.debian).refusal(.init(runtime: .crio))
        #expect(error?.message.hasPrefix("no crio here") == true)
    }
}
