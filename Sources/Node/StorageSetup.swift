package import Config
internal import TOML

/// What containers/storage is told about us, and what is missing in it.
package struct StorageSetup {
    private let root: NodeRoot
    /// The directory that clients are to read.
    package let listing: String

    package init(_ root: NodeRoot, _ configuration: ImageletConfiguration) {
        self.root = root
        listing = configuration.imageStore
    }

    /// The file in force.
    package var path: String { root.exists(StoragePlan.main) ? StoragePlan.main : StoragePlan.vendors }

    /// What is wrong, and what to do about it; nil if nothing is.
    /// - Throws: if a file is not TOML, or cannot be read.
    package func fault() throws(NodeError) -> (what: String, advice: String)? {
        let install = "imagelet node install --runtime crio, then restart crio behind imagelet"
        guard let text = try root.text(path) else { return ("there is none: CRI-O knows nothing of us", install) }
        let files = PlanFiles(root: root, record: nil)
        let value = try files.parsed(text, path)[StoragePlan.optionsTable + [StoragePlan.key]]
        guard case .array(let stores)? = value, stores.contains(.string(listing)) else {
            return ("additionalimagestores does not name \(listing): what is prepared is fetched again", install)
        }
        guard root.exists(listing) else {
            return (
                "it names \(listing), which is not there: CRI-O and Podman do not start", "systemctl restart imagelet"
            )
        }
        if let options = try files.crioValue("storage_option"), case .array(let items) = options.value, !items.isEmpty,
            !items.contains(.string(StoragePlan.driverOption(listing)))
        {
            return (
                "\(options.file) sets storage_option, which replaces it for CRI-O",
                "add \(StoragePlan.driverOption(listing)) there, or \(install)"
            )
        }
        return nil
    }
}
