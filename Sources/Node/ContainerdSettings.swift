internal import Config

/// What containerd is told, for each version of its configuration (specs/containerd.md 9). `manifests/containerd` says the same for those
/// who write it by hand.
enum ContainerdSettings {
    /// The snapshotter's name, as containerd's clients say it.
    static let snapshotter = "imagelet"

    /// The whole node's, by a file of configuration version 2 (containerd 1.6, 1.7, and later ones, which migrate it) or 3.
    static func tables(version: Int, _ configuration: ImageletConfiguration) -> TOMLSettings {
        let keys: [(name: String, value: TOMLSettings.Value)] = [
            ("snapshotter", .text(snapshotter)), ("disable_snapshot_annotations", .truth(false)),
            ("discard_unpacked_layers", .truth(false)),
        ]
        let proxy = ["proxy_plugins", snapshotter]
        var plugin: [(name: String, value: TOMLSettings.Value)] = [
            ("type", .text("snapshot")), ("address", .text(configuration.sockets.snapshots)),
        ]
        if version >= 3, configuration.idMappedMounts { plugin.append(("capabilities", .texts(["remap-ids"]))) }
        return TOMLSettings(tables: [
            .init(path: snapshotterTable(version: version), keys: keys),
            .init(path: proxy, keys: plugin),
            .init(path: proxy + ["exports"], keys: [("root", .text(configuration.rootDirectory))]),
        ])
    }

    /// The table that names the snapshotter of the CRI.
    static func snapshotterTable(version: Int) -> [String] {
        version == 2
            ? ["plugins", "io.containerd.grpc.v1.cri", "containerd"] : ["plugins", "io.containerd.cri.v1.images"]
    }

    /// The CRI plugin's own table, of which containerd 1.x takes one file's and no other's.
    static let pluginOfVersion2 = ["plugins", "io.containerd.grpc.v1.cri"]

    /// What everybody has by default, and what can be replaced without anyone missing it.
    static let plainSnapshotters: Set<String> = ["", "overlayfs", "native"]
}
