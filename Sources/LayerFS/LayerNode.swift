internal import FUSE
internal import LayerFormat
internal import Layers
internal import Linux

/// One node of one layer, ready to be asked.
struct LayerNode {
    let slot: UInt32
    let number: LayerTree.NodeNumber
    let layer: any LayerReader
    let tree: LayerTree

    /// What a name leads to stands for good: the content of a layer never changes.
    static let validity = Duration.seconds(86400)

    /// - Returns: nil if the tree has no such node.
    init?(_ number: LayerTree.NodeNumber, slot: UInt32, layer: any LayerReader) throws {
        tree = try layer.tree()
        guard number < tree.nodeCount else { return nil }
        self.slot = slot
        self.number = number
        self.layer = layer
    }

    private init(_ number: LayerTree.NodeNumber, in other: LayerNode) {
        slot = other.slot
        layer = other.layer
        tree = other.tree
        self.number = number
    }

    func sibling(_ number: LayerTree.NodeNumber) -> LayerNode { LayerNode(number, in: self) }

    var id: NodeID { NodeAddress.node(number, slot: slot).id }

    var attributes: Attributes {
        let node = tree.attributes(of: number)
        return Attributes(
            inode: id, kind: FileStatus.Kind(node.kind), mode: node.mode, uid: node.uid, gid: node.gid, size: node.size,
            linkCount: node.linkCount, modifiedSeconds: node.modified.seconds,
            modifiedNanoseconds: node.modified.nanoseconds, deviceMajor: node.deviceMajor,
            deviceMinor: node.deviceMinor)
    }

    /// As a name in a directory of the layer has it.
    var entry: Entry {
        Entry(node: id, attributes: attributes, nameValidity: Self.validity, attributesValidity: Self.validity)
    }

    /// As the store's root has it: the name may go.
    var slotEntry: Entry {
        Entry(node: id, attributes: attributes, nameValidity: StoreRoot.validity, attributesValidity: Self.validity)
    }
}

extension FileStatus.Kind {
    init(_ kind: NodeKind) {
        self =
            switch kind {
            case .regular: .regular
            case .directory: .directory
            case .symlink: .symlink
            case .characterDevice: .characterDevice
            case .blockDevice: .blockDevice
            case .fifo: .fifo
            }
    }
}
