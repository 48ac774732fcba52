internal import Config
internal import TOML

/// Where and how a containerd that reads its own `/etc/containerd/config.toml` is told about us.
///
/// - Version 3 (containerd 2.x) merges imported files key by key: a drop-in, and if need be a line that imports it.
/// - Version 2 takes each plugin's table whole from the last file that has one (measured with 1.6.20: a drop-in with our three keys loses
///   `SystemdCgroup` and `sandbox_image` of the main file). So there the main file itself is edited, in marked blocks.
struct ContainerdPlan {
    static let main = "/etc/containerd/config.toml"
    static let dropIns = "/etc/containerd/conf.d"
    static let name = "90-imagelet.toml"
    static let heading = ["Written by 'imagelet node install'; 'imagelet node uninstall' removes it. Changes are lost."]

    let files: PlanFiles
    let configuration: ImageletConfiguration

    /// - Throws: if what is there is not ours to change.
    func changes() throws(NodeError) -> [FileChange] {
        guard let text = try files.text(Self.main) else { return try wholeFile() }
        let table = try parsed(text, Self.main)
        try refuseForeign(table, Self.main)
        switch table["version"] {
        case .other("2")?: return [try edited(text, table)]
        case .other("3")?, .other("4")?: return try dropIn(text, table)
        default:
            throw NodeError(
                .unsupported,
                "\(Self.main) is of version 1 or names none; bring it to version 2 or later ('containerd config migrate') first"
            )
        }
    }

    /// No file: containerd runs by its defaults, which version 2 says for all its versions.
    private func wholeFile() throws(NodeError) -> [FileChange] {
        let settings = ContainerdSettings.tables(version: 2, configuration)
        return [
            FileChange(Self.main, before: nil, after: settings.document(version: 2, heading: Self.heading))
        ]
    }

    private func edited(_ text: String, _ table: TOMLTable) throws(NodeError) -> FileChange {
        for path in imports(of: table).flatMap({ files.matches($0) }) {
            let imported = try parsed(try files.text(path) ?? "", path)
            guard imported[ContainerdSettings.pluginOfVersion2] == nil else {
                throw NodeError(
                    .foreign,
                    "\(path) has a table of the CRI plugin, which replaces all that \(Self.main) says about it; move it there first"
                )
            }
        }
        let settings = ContainerdSettings.tables(version: 2, configuration)
        guard let after = TOMLEdit.applying(settings, to: text) else { throw unreadable(Self.main) }
        return FileChange(Self.main, before: text, after: after)
    }

    private func dropIn(_ text: String, _ table: TOMLTable) throws(NodeError) -> [FileChange] {
        let patterns = imports(of: table)
        for path in patterns.flatMap({ files.matches($0) }) {
            try refuseForeign(try parsed(try files.text(path) ?? "", path), path)
        }
        let settings = ContainerdSettings.tables(version: 3, configuration)
        let content = settings.document(version: 3, heading: Self.heading)
        if let pattern = patterns.first(where: { $0.hasSuffix("/*.toml") }) {
            return [try files.new("\(pattern.dropLast("/*.toml".count))/\(Self.name)", content)]
        }
        let all = (table.strings("imports") ?? []) + ["\(Self.dropIns)/*.toml"]
        guard let after = TOMLEdit.settingRoot("imports", TOMLSettings.Value.texts(all).literal, in: text) else {
            throw unreadable(Self.main)
        }
        return [
            try files.new("\(Self.dropIns)/\(Self.name)", content), FileChange(Self.main, before: text, after: after),
        ]
    }

    /// What the file imports, as absolute paths with `*`.
    private func imports(of table: TOMLTable) -> [String] {
        (table.strings("imports") ?? []).map { $0.hasPrefix("/") ? $0 : "/etc/containerd/" + $0 }
    }

    private func parsed(_ text: String, _ path: String) throws(NodeError) -> TOMLTable {
        do {
            return try TOMLTable(parsing: text)
        } catch {
            throw NodeError(.foreign, "\(path) is not TOML: \(error)")
        }
    }

    /// Another snapshotter, ours set up by hand, or no CRI at all.
    private func refuseForeign(_ table: TOMLTable, _ path: String) throws(NodeError) {
        for version in [2, 3] {
            guard
                case .string(let name)? = table[ContainerdSettings.snapshotterTable(version: version) + ["snapshotter"]]
            else { continue }
            guard ContainerdSettings.plainSnapshotters.contains(name) else {
                throw NodeError(.foreign, "\(path) names the snapshotter '\(name)' already; take that out first")
            }
        }
        if table[["proxy_plugins", ContainerdSettings.snapshotter]] != nil {
            throw NodeError(
                .foreign, "\(path) has a proxy plugin 'imagelet' that was written by hand; take it out first")
        }
        if let disabled = table.strings("disabled_plugins"),
            disabled.contains(where: { ["cri", "io.containerd.grpc.v1.cri"].contains($0) })
        {
            throw NodeError(.unsupported, "\(path) disables the CRI plugin; a kubelet could not use this containerd")
        }
    }

    private func unreadable(_ path: String) -> NodeError {
        NodeError(
            .foreign,
            "\(path) is written in a way that cannot be edited line by line (tables in braces, dotted keys); add manifests/containerd by hand"
        )
    }
}
