package import Config
internal import Linux
internal import TOML

/// What a containerd is told about us, all its files together, and what is missing in it.
package struct ContainerdSetup {
    package struct Fault: Sendable, Equatable {
        package var what: String
        package var advice: String
        /// Whether images cannot be pulled or run at all.
        package var isDeadly: Bool
    }

    private let root: NodeRoot
    private let sockets: ImageletConfiguration.Sockets
    /// The main file.
    package let path: String

    /// - Parameter sockets: imagelet's own; the runtime's tells whose containerd it is.
    package init(_ root: NodeRoot, sockets: ImageletConfiguration.Sockets) {
        self.root = root
        self.sockets = sockets
        let rancher = ["k3s", "rke2"].first { root.exists("/var/lib/rancher/\($0)/agent/etc/containerd/config.toml") }
        path =
            sockets.runtime.hasPrefix("/run/k3s/")
            ? "/var/lib/rancher/\(rancher ?? "k3s")/agent/etc/containerd/config.toml" : ContainerdPlan.main
    }

    /// The first thing that is wrong; nil if nothing is (specs/containerd.md 8, 9).
    /// - Throws: if a file is not TOML, or not there.
    package func fault() throws(NodeError) -> Fault? {
        let (version, values) = try effective()
        let table = ContainerdSettings.snapshotterTable(version: min(version, 3))
        let proxy = ["proxy_plugins", ContainerdSettings.snapshotter]
        let isWhole = values[table + ["snapshotter"]] == .string(ContainerdSettings.snapshotter)
        let handlers = values.filter {
            $0.key.last == "snapshotter" && $0.key.count > table.count + 1
                && $0.value == .string(ContainerdSettings.snapshotter)
        }
        guard values[proxy + ["type"]] == .string("snapshot") else {
            return Fault(
                what: isWhole ? "it names our snapshotter, but no proxy plugin of that name" : "it knows nothing of us",
                advice: "imagelet node install", isDeadly: isWhole)
        }
        guard values[proxy + ["address"]] == .string(sockets.snapshots) else {
            return Fault(
                what: "the proxy plugin's address is not \(sockets.snapshots)",
                advice: "make it so, or change sockets.snapshots",
                isDeadly: true)
        }
        guard isWhole || !handlers.isEmpty else {
            return Fault(
                what: "it has our proxy plugin, but nothing uses the snapshotter",
                advice: "imagelet node install, or a runtime handler",
                isDeadly: false)
        }
        guard isWhole else { return nil }
        if values[table + ["discard_unpacked_layers"]] == .bool(true) {
            return Fault(
                what: "discard_unpacked_layers: plain images cannot be unpacked again", advice: "set it to false",
                isDeadly: false)
        }
        return annotationFault(version, values, table)
    }

    /// Without the labels of pulls nothing can be streamed. Version 3 may have them by the transfer service instead, with two more keys.
    private func annotationFault(_ version: Int, _ values: [[String]: TOMLNode], _ table: [String]) -> Fault? {
        guard values[table + ["disable_snapshot_annotations"]] != .bool(false) else { return nil }
        let advice = "set disable_snapshot_annotations = false in the table that names the snapshotter"
        guard version >= 3 else {
            return Fault(
                what: "snapshots come without the names of their layers: nothing is streamed", advice: advice,
                isDeadly: false)
        }
        let unpack = values[["plugins", "io.containerd.transfer.v1.local", "unpack_config"]]
        guard case .array(let tables)? = unpack,
            tables.contains(where: {
                guard case .table(let table) = $0 else { return false }
                return table["snapshotter"] == .string(ContainerdSettings.snapshotter)
            })
        else {
            return Fault(
                what:
                    "pulls go through the transfer service, which has no unpack_config of ours: they fail with 'no unpack platforms defined'",
                advice: advice, isDeadly: true)
        }
        let export = ["proxy_plugins", ContainerdSettings.snapshotter, "exports", "enable_remote_snapshot_annotations"]
        guard values[export] == .string("true") else {
            return Fault(
                what: "pulls go through the transfer service, which gives no names of layers: nothing is streamed",
                advice: "enable_remote_snapshot_annotations = \"true\" in the proxy plugin's exports, or \(advice)",
                isDeadly: false)
        }
        return nil
    }

    /// All values in force. Version 3 merges files key by key; before, a plugin's table is the last file's alone.
    private func effective() throws(NodeError) -> (version: Int, values: [[String]: TOMLNode]) {
        guard let text = try root.text(path) else { throw NodeError(.notFound, "\(path) is not there") }
        let main = try parsed(text, path)
        let version = if case .other(let number)? = main["version"] { Int(number) ?? 1 } else { 1 }
        var values = main.leaves
        let files = PlanFiles(root: root, record: nil)
        for pattern in main.strings("imports") ?? [] {
            for file in files.matches(pattern.hasPrefix("/") ? pattern : "\(Path.parent(of: path))/\(pattern)") {
                let leaves = try parsed(try root.text(file) ?? "", file).leaves
                if version < 3 {
                    let plugins = Set(leaves.keys.filter { $0.first == "plugins" }.map { $0.prefix(2) })
                    values = values.filter { !plugins.contains($0.key.prefix(2)) }
                }
                values.merge(leaves) { $1 }
            }
        }
        return (version, values)
    }

    private func parsed(_ text: String, _ path: String) throws(NodeError) -> TOMLTable {
        do {
            return try TOMLTable(parsing: text)
        } catch {
            throw NodeError(.foreign, "\(path) is not TOML: \(error)")
        }
    }
}
