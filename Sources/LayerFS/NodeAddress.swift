package import FUSE
package import LayerFormat

/// What a node id of the store's mount stands for: nothing but a layer's slot and a number of its tree, so that a later daemon gives
/// every id the same meaning (measured.md part 6).
package enum NodeAddress: Sendable, Equatable {
    /// The directory of all layers; always 1 in FUSE. Slots start at 1, so no layer's node has that id.
    case root
    case node(LayerTree.NodeNumber, slot: UInt32)

    private static let rootID: NodeID = 1

    /// nil for an id that was never given out.
    package init?(_ id: NodeID) {
        if id == Self.rootID {
            self = .root
            return
        }
        let slot = UInt32(truncatingIfNeeded: id >> 32)
        guard slot > 0 else { return nil }
        self = .node(LayerTree.NodeNumber(truncatingIfNeeded: id), slot: slot)
    }

    package var id: NodeID {
        switch self {
        case .root: Self.rootID
        case .node(let number, let slot): NodeID(slot) << 32 | NodeID(number)
        }
    }
}
