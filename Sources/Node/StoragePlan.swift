internal import Config
internal import TOML

/// Where and how containers/storage, which CRI-O and Podman store images by, is told of our listing (specs/additional-layer-store.md 10, part C).
///
/// storage.conf is one file for all who share a store, and whoever shares CRI-O's must see the same layers. There is only one of it in force: a
/// file in /etc hides the vendor's wholly.
struct StoragePlan {
    static let main = "/etc/containers/storage.conf"
    static let vendors = "/usr/share/containers/storage.conf"
    static let crio = "/etc/crio/crio.conf"
    static let dropIns = "/etc/crio/crio.conf.d"
    static let optionsTable = ["storage", "options"]
    static let key = "additionalimagestores"
    private static let dropIn = "\(dropIns)/90-imagelet.conf"

    let files: PlanFiles
    let configuration: ImageletConfiguration

    private var listing: String { configuration.imageStore }

    /// - Throws: if what is there is not ours to change, or stores images by another driver.
    func changes() throws(NodeError) -> [FileChange] {
        if let driver = try files.crioValue("storage_driver") { try refuseForeign(driver.value, driver.file) }
        // A store that is named and not there stops CRI-O and Podman.
        var changes = [try files.new(listing + "/README", Self.readme), try storage()]
        if let options = try files.crioValue("storage_option") {
            changes += try options.isSet ? [dropIn(over: options)] : []
        }
        return changes
    }

    /// CRI-O's socket if it is not where it usually is.
    func foreignSocket() throws(NodeError) -> String? {
        let usual = ImageletConfiguration.Runtime.crio.socket
        guard case .string(let path)? = try files.crioValue("listen", table: ["crio", "api"])?.value,
            path.hasPrefix("/"), path != usual, "/var" + path != usual
        else { return nil }
        return path
    }

    private func storage() throws(NodeError) -> FileChange {
        let before = try files.text(Self.main)
        let vendors = before == nil ? try files.text(Self.vendors) : nil
        guard let text = before ?? vendors else {
            return FileChange(Self.main, before: nil, after: Self.wholeFile(listing))
        }
        let table = try files.parsed(text, Self.main)
        if let driver = table[["storage", "driver"]] { try refuseForeign(driver, Self.main) }
        let stores = try texts(of: table[Self.optionsTable + [Self.key]], Self.main)
        guard !stores.contains(listing) else {
            throw NodeError(.foreign, "\(Self.main) names \(listing) already; take that out first")
        }
        let settings = TOMLSettings(tables: [
            .init(path: Self.optionsTable, keys: [(Self.key, .texts(stores + [listing]))])
        ])
        guard let after = TOMLEdit.applying(settings, to: text) else {
            throw NodeError(
                .foreign,
                "\(Self.main) is written in a way that cannot be edited line by line; add what manifests/crio has by hand"
            )
        }
        return FileChange(Self.main, before: before, after: after)
    }

    /// CRI-O's own driver options replace those of storage.conf.
    private func dropIn(over options: CRIOValue) throws(NodeError) -> FileChange {
        guard options.file == Self.crio || options.file < Self.dropIn else {
            throw NodeError(
                .foreign,
                "\(options.file) sets storage_option behind our drop-in; add \(Self.driverOption(listing)) to it by hand"
            )
        }
        let set = try texts(of: options.value, options.file)
        return try files.new(Self.dropIn, Self.dropIn(set + [Self.driverOption(listing)]))
    }

    private func texts(of list: TOMLNode?, _ file: String) throws(NodeError) -> [String] {
        guard let list else { return [] }
        var texts: [String] = []
        if case .array(let items) = list {
            texts = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
            if texts.count == items.count { return texts }
        }
        throw NodeError(.foreign, "\(file) has something that should be a list of texts and is not")
    }

    private func refuseForeign(_ driver: TOMLNode, _ file: String) throws(NodeError) {
        guard driver != .string("overlay"), driver != .string("") else { return }
        throw NodeError(.unsupported, "\(file) names another storage driver; only 'overlay' can use our layers")
    }

    static func driverOption(_ listing: String) -> String { "overlay.imagestore=\(listing)" }

    /// As in `manifests/crio/storage.conf`: the defaults of the library, which wants them written, and our listing.
    static func wholeFile(_ listing: String) -> String {
        let places = [("runroot", "/run/containers/storage"), ("graphroot", "/var/lib/containers/storage")]
        return TOMLSettings(tables: [
            .init(
                path: ["storage"],
                keys: [("driver", .text("overlay"))] + places.map { (name: $0, value: TOMLSettings.Value.text($1)) }),
            .init(path: optionsTable, keys: [(key, .texts([listing]))]),
        ]).document(heading: ContainerdPlan.heading)
    }

    /// As in `manifests/crio/90-imagelet.conf`.
    static func dropIn(_ options: [String]) -> String {
        TOMLSettings(tables: [.init(path: ["crio"], keys: [("storage_option", .texts(options))])])
            .document(heading: ContainerdPlan.heading)
    }

    private static let readme = """
        Layers that imagelet lists for CRI-O and Podman (containers-storage.conf(5), additionalimagestores).
        Nothing here is to be changed by hand.

        """
}

extension CRIOValue {
    /// Whether it is anything but an empty list.
    fileprivate var isSet: Bool { value != .array([]) }
}
