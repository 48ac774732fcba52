internal import EROFS
package import Layers
internal import Linux
package import Logging
internal import Synchronization

/// Complete layers as file systems of their own, each an EROFS mount of an image of its tree, on its tar as the device.
///
/// The kernel answers everything about them by itself, also while no daemon runs. Overlays keep what they were mounted on, whatever becomes
/// of the mounts here. Layers that EROFS cannot show as they are, and all on kernels that cannot, have none.
package final class DirectMounts: LayerBorrower {
    enum Condition {
        case none
        case mounted
        /// Proved impossible.
        case refused
    }

    /// What is known of one layer's mount, behind a lock of its own: a layer whose disk is slow keeps nobody else.
    final class Place: Sendable {
        let condition: Mutex<Condition>

        init(_ condition: Condition) { self.condition = Mutex(condition) }
    }

    struct State {
        var isPossible = false
        /// By slot; with how many look at each: one that nobody does, and of which nothing is known, goes.
        var places: [UInt32: (place: Place, users: Int)] = [:]
    }

    let directory: String
    let isEnabled: Bool
    let logger: Logger
    let state = Mutex(State())

    /// Does nothing yet.
    /// - Parameters:
    ///   - directory: where the mounts are, each in a directory named by the layer's slot.
    ///   - isEnabled: false: none are made, and those that are there are taken off.
    package init(at directory: String, isEnabled: Bool = true, logger: Logger) {
        self.directory = directory
        self.isEnabled = isEnabled
        self.logger = logger
    }

    /// The root directory of a complete layer, mounted if it isn't yet. May wait for the disk, never for the network or another layer.
    /// - Returns: nil if the layer has no mount of its own: it isn't complete, or cannot have one.
    package func directory(of layer: Layer) -> String? {
        let slot = layer.description.slot
        guard state.withLock(\.isPossible) else { return nil }
        return withCondition(ofSlot: slot) { condition in
            // Asked again: who takes all mounts off waits for those that are being made, and no more may come then.
            guard condition != .refused, state.withLock(\.isPossible), layer.lend() else { return nil }
            do {
                if condition == .none {
                    try mount(try MetadataFile.open(layer), layer.tar, at: point(slot))
                    condition = .mounted
                }
                // Who asks is about to look: EROFS by itself reads a page of metadata at a time, and waits for each.
                try? File(layer.metadataImagePath).readAhead()
                return "\(point(slot))/\(MetadataImage.layerName)"
            } catch {
                condition = .refused
                logger.info(
                    "layer not mounted directly; FUSE serves it",
                    metadata: ["layer.digest": "\(layer.description.blob)", "reason": "\(error)"])
                return nil
            }
        }
    }

    /// Whether the layer is mounted now, or just about to be, so that reads of it may pass us by. Waits for nothing.
    package func isMounted(_ layer: Layer) -> Bool {
        guard let place = state.withLock({ $0.places[layer.description.slot]?.place }) else { return false }
        return place.condition.withLockIfAvailable { $0 == .mounted } ?? true
    }

    package func recall(_ layer: Layer) -> Bool {
        let slot = layer.description.slot
        return withCondition(ofSlot: slot) { condition in
            if condition == .mounted { takeOff("\(slot)") }
            // It is about to change or to go: what was impossible may not be so the next time.
            condition = .none
            return layer.takeBack()
        }
    }

    func withCondition<Result>(ofSlot slot: UInt32, _ body: (inout Condition) -> Result) -> Result {
        let place = state.withLock { state in
            let place = state.places[slot]?.place ?? Place(.none)
            state.places[slot] = (place, (state.places[slot]?.users ?? 0) + 1)
            return place
        }
        defer {
            state.withLock { state in
                state.places[slot]?.users -= 1
                // Nobody else can hold its lock.
                guard state.places[slot]?.users == 0, place.condition.withLock({ $0 == .none }) else { return }
                state.places[slot] = nil
            }
        }
        return place.condition.withLock { body(&$0) }
    }

    private func point(_ slot: UInt32) -> String { "\(directory)/\(slot)" }

    func mount(_ image: File, _ tar: File, at point: String) throws {
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
    func takeOff(_ name: String) {
        let point = "\(directory)/\(name)"
        do {
            while try Mount.unmount(point, lazily: true) {}
            try Directory.remove(point)
        } catch {
            logger.warning("direct mount not taken off", metadata: ["mount.path": "\(point)", "reason": "\(error)"])
        }
    }
}
