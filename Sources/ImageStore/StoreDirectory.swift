internal import Linux
package import Logging
internal import OCI
internal import Synchronization

/// The directory that clients name under `additionalimagestores`: a listing on the disk, each layer's `diff` a symlink to where its content can be
/// seen (specs/additional-layer-store.md 11, 13).
///
/// A layer's directory and its line in the listing come together and go together, as seen by whoever takes the listing's lock to read it. Nothing that
/// is found is believed: what does not say what it should is made anew.
package final class StoreDirectory: Sendable {
    package let path: String
    private let logger: Logger
    private let turn = Mutex(())

    /// Does nothing yet.
    package init(at path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// How many of our layers a client can mount upon each other: their paths share one page of mount options with what is its own.
    package var maximumDepth: Int { max(1, (4096 - 1024) / (overlay.utf8.count + "/l/".utf8.count + 26 + 1)) }

    private var listFile: String { path + "/overlay-layers/layers.json" }
    private var lockFile: String { path + "/overlay-layers/layers.lock" }
    private var overlay: String { path + "/overlay" }
    /// Where directories are made ready, and put aside before they are deleted.
    private var aside: String { path + "/aside" }

    /// Makes what is on the disk say what `listing` says when it is asked, which is when nobody else writes here.
    ///
    /// May wait some seconds for clients that read, and for the disk.
    /// - Throws: what `listing` throws; EAGAIN if a client holds the listing's lock for ever. Nothing was changed then.
    package func update(_ listing: () throws -> StoreListing) throws {
        try turn.withLock { _ in
            try makeRoom()
            let listing = try listing()
            let document = try listing.document
            let unready = listing.layers.filter { layer in
                !isRight(layer, lower: listing.lower(of: layer)) && !isClients("\(overlay)/\(layer.id.hex)")
            }
            let isListed = (try? Path.read(listFile, cap: document.count)) == document
            let leftovers = try leftovers(of: listing)
            guard !isListed || !unready.isEmpty || !leftovers.isEmpty else { return }

            try unready.forEach { try make($0, lower: listing.lower(of: $0)) }
            let lock = try File(lockFile, .readWriteCreate, permissions: 0o644)
            try lock.withRecordLock {
                // First what the list names, then the list, then what it names no more: with the lock held nobody sees the steps between.
                for layer in unready { try place(layer) }
                if !isListed { try Path.replace(listFile, with: [document], permissions: 0o644) }
                for path in leftovers { try setAside(path) }
                try lock.write(Self.newToken(), at: 0)
            }
            try emptyAside()
        }
    }

    /// Clients tell by this, the first 64 bytes of the lock, that they must read the list again. The file itself stays: they keep it open.
    private static func newToken() -> [UInt8] { (0..<64).map { _ in UInt8.random(in: .min ... .max) } }

    private func makeRoom() throws {
        for name in ["overlay-layers", "overlay-images", "overlay/l", "aside"] {
            try Directory.create("\(path)/\(name)", permissions: 0o755)
        }
        let images = "\(path)/overlay-images/images.json"
        if (try? Path.read(images, cap: 2)) != Array("[]".utf8) {
            try Path.replace(images, with: [Array("[]".utf8)], permissions: 0o644)
        }
        _ = try File("\(path)/overlay-images/images.lock", .readWriteCreate, permissions: 0o644)
        try emptyAside()
    }

    private func isRight(_ layer: StoreLayer, lower: String?) -> Bool {
        let directory = "\(overlay)/\(layer.id.hex)"
        return target("\(directory)/diff") == layer.content && text("\(directory)/link") == layer.link
            && text("\(directory)/lower") == lower && target("\(overlay)/l/\(layer.link)") == "../\(layer.id.hex)/diff"
    }

    private func make(_ layer: StoreLayer, lower: String?) throws {
        let directory = "\(aside)/\(layer.id.hex)"
        try Directory.create(directory, permissions: 0o755)
        try Path.symlink("\(directory)/diff", to: layer.content)
        try Path.replace("\(directory)/link", with: [Array(layer.link.utf8)], permissions: 0o644)
        if let lower { try Path.replace("\(directory)/lower", with: [Array(lower.utf8)], permissions: 0o644) }
    }

    private func place(_ layer: StoreLayer) throws {
        let directory = "\(overlay)/\(layer.id.hex)"
        guard !isClients(directory) else {
            // It unpacked the layer itself, into our directory, after that had appeared under its hands (13, the race). The content is the same.
            return logger.warning(
                "a layer's directory is its client's own", metadata: ["layer.id": "\(layer.id.hex)"])
        }
        let link = "\(overlay)/l/\(layer.link)"
        try Directory.removeTree(link)
        try Path.symlink(link, to: "../\(layer.id.hex)/diff")
        try setAside(directory)
        try Path.rename("\(aside)/\(layer.id.hex)", to: directory)
    }

    /// Whether a client has unpacked a layer there.
    private func isClients(_ directory: String) -> Bool {
        (try? FileStatus("\(directory)/diff").kind) == .directory
    }

    /// Paths of directories and links that `listing` does not name; those that are a client's own stay.
    private func leftovers(of listing: StoreListing) throws -> [String] {
        let named = Set(listing.layers.map(\.id.hex)).union(["l"])
        let links = Set(listing.layers.map(\.link))
        let directories = try Directory.entries(of: overlay).filter { !named.contains($0) }.map { "\(overlay)/\($0)" }
            .filter { !isClients($0) }
        return directories
            + (try Directory.entries(of: "\(overlay)/l").filter { !links.contains($0) }.map { "\(overlay)/l/\($0)" })
            .filter { link in !leadsToClients(link) }
    }

    private func leadsToClients(_ link: String) -> Bool {
        guard let target = target(link), target.hasPrefix("../"), target.hasSuffix("/diff") else { return false }
        return isClients("\(overlay)/\(target.dropFirst("../".count).dropLast("/diff".count))")
    }

    private func setAside(_ path: String) throws {
        guard try Path.exists(path) else { return }
        try Path.rename(path, to: "\(aside)/old-\(UInt64.random(in: .min ... .max))")
    }

    private func emptyAside() throws {
        for name in try Directory.entries(of: aside) { try Directory.removeTree("\(aside)/\(name)") }
    }

    private func target(_ path: String) -> String? {
        (try? Path.linkTarget(path)).map { String(decoding: $0, as: UTF8.self) }
    }

    private func text(_ path: String) -> String? {
        (try? Path.read(path, cap: 1 << 16)).map { String(decoding: $0, as: UTF8.self) }
    }
}
