internal import EROFS
internal import LayerFormat
package import Layers
internal import Linux
package import Logging
internal import Synchronization

/// Complete layers as file systems of their own, each an EROFS mount of an image of its tree, on its tar as the device.
///
/// The kernel answers everything about them by itself, also while no daemon runs. Overlays keep what they were mounted on, whatever becomes
/// of the mounts here. Layers that EROFS cannot show as they are, and all on kernels that cannot, have none.
package final class DirectMounts: LayerBorrower {
    private struct State {
        var isPossible = false
        var mounted: Set<UInt32> = []
        /// Slots that proved impossible, until the daemon's end.
        var refused: Set<UInt32> = []
    }

    private let directory: String
    private let logger: Logger
    private let state = Mutex(State())

    /// Does nothing yet.
    /// - Parameter directory: where the mounts are, each in a directory named by the layer's slot.
    package init(at directory: String, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    /// Finds out whether the kernel can, goes on with the mounts of an earlier daemon, and takes off those that belong to none of `layers`.
    /// Once, before any layer is asked for.
    package func bringUp(_ layers: [Layer]) {
        state.withLock { state in
            do {
                try Directory.create(directory, permissions: 0o755)
                state.mounted = try adopt(layers)
                try probe()
                state.isPossible = true
            } catch {
                logger.info(
                    "complete layers cannot be mounted directly here (Linux 6.12 with EROFS can); FUSE serves all",
                    metadata: ["reason": "\(error)"])
            }
        }
    }

    /// The root directory of a complete layer, mounted if it isn't yet. May wait for the disk, never for the network.
    /// - Returns: nil if the layer has no mount of its own: it isn't complete, or cannot have one.
    package func directory(of layer: Layer) -> String? {
        let slot = layer.description.slot
        return state.withLock { state in
            guard state.isPossible, !state.refused.contains(slot), layer.lend() else { return nil }
            do {
                if !state.mounted.contains(slot) {
                    try mount(try MetadataFile.open(layer), layer.tar, at: point(slot))
                    state.mounted.insert(slot)
                }
                // Who asks is about to look: EROFS by itself reads a page of metadata at a time, and waits for each.
                try? File(layer.metadataImagePath).readAhead()
                return "\(point(slot))/\(MetadataImage.layerName)"
            } catch {
                state.refused.insert(slot)
                logger.info(
                    "layer not mounted directly; FUSE serves it",
                    metadata: ["layer.digest": "\(layer.description.blob)", "reason": "\(error)"])
                return nil
            }
        }
    }

    /// Whether the layer is mounted now, so that reads of it may pass us by.
    package func isMounted(_ layer: Layer) -> Bool { state.withLock { $0.mounted.contains(layer.description.slot) } }

    package func recall(_ layer: Layer) -> Bool {
        state.withLock { state in
            let slot = layer.description.slot
            if state.mounted.remove(slot) != nil { takeOff("\(slot)") }
            return layer.takeBack()
        }
    }

    /// Takes all mounts off, for a daemon that ends for good.
    package func takeDown() {
        state.withLock { state in
            for slot in state.mounted { takeOff("\(slot)") }
            state = State()
        }
    }

    private func point(_ slot: UInt32) -> String { "\(directory)/\(slot)" }

    private func mount(_ image: File, _ tar: File, at point: String) throws {
        try Directory.create(point, permissions: 0o755)
        do {
            try Mount.erofs(image, device: tar, at: point)
        } catch {
            // The first error tells more than one about cleaning up.
            _ = try? Directory.remove(point)
            throw error
        }
    }

    /// A mount that cannot be taken off is no harm: it is on nobody's way, and the next start tries again.
    private func takeOff(_ name: String) {
        let point = "\(directory)/\(name)"
        do {
            _ = try Mount.unmount(point, lazily: true)
            try Directory.remove(point)
        } catch {
            logger.warning("direct mount not taken off", metadata: ["mount.path": "\(point)", "reason": "\(error)"])
        }
    }

    /// - Returns: the slots of layers whose mounts are there.
    private func adopt(_ layers: [Layer]) throws -> Set<UInt32> {
        let known = Dictionary(layers.map { ("\($0.description.slot)", $0) }) { first, _ in first }
        let mounts = try Mount.all()
        let root = try Path.resolvingParents(of: directory)
        var adopted: Set<UInt32> = []
        for name in try Directory.entries(of: directory) {
            let isMounted = mounts.contains { $0.path == "\(root)/\(name)" && $0.type == "erofs" }
            // One on another file than the layer's present tar leaves that to us alone.
            if isMounted, let layer = known[name], layer.lend(), !layer.takeBack() {
                adopted.insert(layer.description.slot)
            } else if isMounted {
                takeOff(name)
            } else {
                try Directory.removeTree("\(directory)/\(name)")
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
