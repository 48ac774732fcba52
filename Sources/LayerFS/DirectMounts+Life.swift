internal import EROFS
internal import LayerFormat
package import Layers
internal import Linux
internal import Logging
internal import Synchronization

extension DirectMounts {
    /// Finds out whether the kernel can, goes on with the mounts of an earlier daemon, and takes off those that belong to none of `layers`.
    /// Once, before any layer is asked for.
    package func bringUp(_ layers: [Layer]) {
        do {
            try Directory.create(directory, permissions: 0o755)
            let adopted = try adopt(isEnabled ? layers : [])
            state.withLock { state in for slot in adopted { state.places[slot] = (Place(.mounted), 0) } }
            guard isEnabled else { return }
            try probe()
            state.withLock { $0.isPossible = true }
        } catch {
            logger.info(
                "complete layers cannot be mounted directly here (Linux 6.12 with EROFS can); FUSE serves all",
                metadata: ["reason": "\(error)"])
        }
    }

    /// Takes all mounts off, for a daemon that ends for good: also those of an earlier one that nobody has taken over.
    package func takeDown() {
        let slots = state.withLock { state in
            state.isPossible = false
            return Array(state.places.keys)
        }
        for slot in slots { withCondition(ofSlot: slot) { $0 = .none } }
        for name in (try? mounted()) ?? [] { takeOff(name) }
    }

    /// Names of the mounts that are there, whoever made them.
    private func mounted() throws -> Set<String> {
        let prefix = try Path.resolvingParents(of: directory) + "/"
        return Set(
            try Mount.all().filter { $0.type == "erofs" && $0.path.hasPrefix(prefix) }
                .map { String($0.path.dropFirst(prefix.count)) })
    }

    /// - Returns: the slots of layers whose mounts are there.
    private func adopt(_ layers: [Layer]) throws -> Set<UInt32> {
        let known = Dictionary(layers.map { ("\($0.description.slot)", $0) }) { first, _ in first }
        let mounted = try mounted()
        var adopted: Set<UInt32> = []
        for name in try Directory.entries(of: directory) {
            // One on another file than the layer's present tar leaves that to us alone.
            if mounted.contains(name), let layer = known[name], layer.lend(), !layer.takeBack() {
                adopted.insert(layer.description.slot)
            } else if mounted.contains(name) {
                takeOff(name)
            } else {
                // Somebody else's mount in it, say: it keeps no layer from having its own.
                _ = try? Directory.removeTree("\(directory)/\(name)")
            }
        }
        return adopted
    }

    /// Mounts an empty layer.
    private func probe() throws {
        let (point, image, tar) = ("\(directory)/probe", "\(directory)/probe.erofs", "\(directory)/probe.tar")
        defer { for file in [image, tar] { _ = try? Path.remove(file) } }
        let empty = try MetadataImage(
            of: try LayerTree.Builder().finish(), tarSize: 0, identity: [UInt8](repeating: 1, count: 16))
        let file = try File(image, .createExclusive)
        try file.write(empty.bytes, at: 0)
        try mount(file, try File(tar, .createExclusive), at: point)
        defer { takeOff("probe") }
        _ = try FileStatus("\(point)/\(MetadataImage.layerName)")
    }
}
