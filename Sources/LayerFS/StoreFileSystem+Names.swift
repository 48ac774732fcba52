package import FUSE
internal import LayerFormat
internal import Layers
internal import Linux

extension StoreFileSystem {
    package func lookup(_ name: [UInt8], in parent: NodeID, _ reply: consuming EntryReply) {
        switch find(parent) {
        case .node(let found):
            guard let child = found.tree.lookup(name, in: found.number) else {
                return reply.sendAbsent(for: LayerNode.validity)
            }
            reply.send(found.sibling(child).entry)
        case .root:
            lookupSlot(name, reply)
        case .failed(let errno):
            reply.fail(errno)
        }
    }

    private func lookupSlot(_ name: [UInt8], _ reply: consuming EntryReply) {
        if name == Array(StoreRoot.touchstone.utf8) { return reply.send(StoreRoot.touchstoneEntry) }
        guard let slot = StoreRoot.slot(named: name), directory.layer(slot: slot) != nil else {
            return reply.sendAbsent(for: .zero)
        }
        switch find(LayerTree.root, slot: slot) {
        case .node(let found): reply.send(found.slotEntry)
        case .failed(.stale): reply.sendAbsent(for: .zero)
        case .failed(let errno): reply.fail(errno)
        case .root: reply.fail(.ioError)
        }
    }

    package func list(_ node: NodeID, from offset: UInt64, _ reply: consuming DirectoryReply) {
        switch find(node) {
        case .node(let found): list(found, from: offset, reply)
        case .root: listSlots(from: offset, reply)
        case .failed(let errno): reply.fail(errno)
        }
    }

    /// Offsets: 1 is behind ".", 2 behind "..", 3 + n behind child n. The tree never changes, so they stay good.
    private func list(_ found: LayerNode, from offset: UInt64, _ reply: consuming DirectoryReply) {
        var reply = reply
        let children = found.tree.children(of: found.number)
        var position = offset
        while position < UInt64(children.count) + 2 {
            let added: Bool
            switch position {
            case 0: added = reply.add(Self.dot, found.entry, next: 1)
            case 1: added = reply.add(Self.dotDot, parentEntry(of: found), next: 2)
            default:
                let child = children[Int(position) - 2]
                added = reply.add(child.name, found.sibling(child.node).entry, next: position + 1)
            }
            guard added else { break }
            position += 1
        }
        reply.send()
    }

    private func parentEntry(of found: LayerNode) -> Entry {
        found.number == LayerTree.root
            ? root.entry(slots: directory.slots()) : found.sibling(found.tree.parent(of: found.number)).entry
    }

    /// Offsets: 1 is behind ".", 2 behind "..", 2 + s behind slot s: so a listing goes on rightly when slots come and go.
    private func listSlots(from offset: UInt64, _ reply: consuming DirectoryReply) {
        var reply = reply
        let slots = directory.slots()
        let own = root.entry(slots: slots)
        if offset < 1, !reply.add(Self.dot, own, next: 1) { return reply.send() }
        if offset < 2, !reply.add(Self.dotDot, own, next: 2) { return reply.send() }
        for slot in slots where UInt64(slot) + 2 > offset {
            // A layer whose tree cannot be loaded is not listed; its lookup says why.
            guard case .node(let found) = find(LayerTree.root, slot: slot) else { continue }
            guard reply.add(Array(String(slot).utf8), found.slotEntry, next: UInt64(slot) + 2) else { break }
        }
        reply.send()
    }

    private static let dot = [UInt8(ascii: ".")]
    private static let dotDot = [UInt8(ascii: "."), UInt8(ascii: ".")]
}
