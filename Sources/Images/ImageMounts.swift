internal import FoundationEssentials
internal import Linux
package import OCI
package import State
internal import Synchronization

/// Root file systems given out to people: keeps the image's layers while one is mounted, and the directories written to.
package final class ImageMounts: Sendable {
    /// What is needed to mount an image.
    package struct Plan: Sendable {
        package var id: String
        package var imageID: Digest
        package var layers: Set<Digest>
        /// Slots of the layers, top first, each once: a layer that occurs twice hides its lower occurrence wholly.
        package var slots: [UInt32]
        /// Parent of the directories `upper`, `work`, `empty` and `layers`, on the disk.
        package var directory: String
        package var config: ImageConfig

        /// Where each slot is the name of its layer's root directory.
        package var layerDirectory: String { "\(directory)/layers" }
    }

    private let storage: ImageStorage
    private let catalog: ImageCatalog
    private let layers: any LayerDirectories
    private let directory: String
    private let pending = Mutex<[String: Plan]>([:])

    /// - Parameter directory: where the directories written to are made.
    package init(storage: ImageStorage, catalog: ImageCatalog, layers: any LayerDirectories, directory: String) {
        self.storage = storage
        self.catalog = catalog
        self.layers = layers
        self.directory = directory
    }

    /// Keeps the image's layers and makes the directories of a mount. Ended by `commit` or `release`.
    /// - Throws: `ImageError.notFound`, or what the disk says.
    package func prepare(_ name: String) async throws -> Plan {
        guard let record = try catalog.record(name) else {
            throw ImageError(.notFound, "\(name) is not on this node; pull it first: imagelet pull \(name)")
        }
        let layers = Set(record.layers)
        storage.custody.hold(layers)
        let id = UUID().uuidString.lowercased()
        do {
            var seen: Set<Digest> = []
            let slots = record.layers.reversed().filter { seen.insert($0).inserted }
                .compactMap { storage.status(of: $0)?.slot }
            let plan = Plan(
                id: id, imageID: record.id, layers: layers, slots: slots, directory: "\(directory)/\(id)",
                config: try ImageConfig(parsing: record.config))
            // Before its directories: nobody may take them for leftovers.
            pending.withLock { $0[id] = plan }
            for name in ["upper", "work", "empty"] {
                // What is written there is somebody's root directory.
                try Directory.create("\(plan.directory)/\(name)", permissions: 0o755)
            }
            try await nameLayers(record.layers, plan)
            return plan
        } catch {
            pending.withLock { $0[id] = nil }
            _ = try? Directory.removeTree("\(directory)/\(id)")
            try await storage.custody.release(layers)
            throw error
        }
    }

    /// Gives every layer of the plan a short name in one place, wherever it can be seen: mount(2) takes one page of options.
    private func nameLayers(_ digests: [Digest], _ plan: Plan) async throws {
        let layers = layers
        try Directory.create(plan.layerDirectory, permissions: 0o755)
        try await BlockingThread.run("imagelet-mount") { [storage] in
            for digest in Set(digests) {
                guard let slot = storage.status(of: digest)?.slot, let directory = layers.directory(of: digest) else {
                    throw ImageError(.failed, "layer \(digest) cannot be read; pull its image again")
                }
                try Path.symlink("\(plan.layerDirectory)/\(slot)", to: directory)
            }
        }
    }

    /// Records where a prepared mount went.
    package func commit(_ id: String, target: String) async throws {
        guard let plan = pending.withLock({ $0[id] }) else {
            throw ImageError(.notFound, "no mount \(id) was prepared, or the daemon was restarted since; mount again")
        }
        try storage.state.addMount(
            MountRecord(
                id: id, imageID: plan.imageID, target: target, upperDirectory: plan.directory, createdAt: Date()))
        pending.withLock { $0[id] = nil }
        try await storage.custody.release(plan.layers)
    }

    /// Forgets a mount, by its id or its directory, and deletes what was written to it.
    package func release(_ name: String) async throws {
        if let plan = pending.withLock({ $0.removeValue(forKey: name) }) {
            try Directory.removeTree(plan.directory)
            return try await storage.custody.release(plan.layers)
        }
        guard let mount = try storage.state.mounts().first(where: { $0.id == name || $0.target == name }) else {
            throw ImageError(.notFound, "\(name) is not a mount of imagelet; 'imagelet status' lists them")
        }
        try Directory.removeTree(mount.upperDirectory)
        try await storage.custody.remove(mount: mount.id)
    }

    package func all() throws -> [MountRecord] { try storage.state.mounts() }

    /// Whether anything is mounted from our layers, or about to be.
    package func areInUse() throws -> Bool {
        try !pending.withLock { $0.isEmpty } || !storage.state.mounts().isEmpty
    }

    /// Deletes what mounts that were never committed left before the daemon ended.
    package func sweep() throws {
        for path in try leftovers() { try Directory.removeTree(path) }
    }

    /// Directories of no mount.
    func leftovers() throws -> [String] {
        guard try Path.exists(directory) else { return [] }
        // Listed first: what is begun behind the listing is not in it. A mount is pending until it is on record.
        let entries = try Directory.entries(of: directory)
        let known = pending.withLock { Set($0.keys) }.union(try storage.state.mounts().map(\.id))
        return entries.filter { !known.contains($0) }.map { "\(directory)/\($0)" }
    }
}
