internal import FUSE
internal import Linux
internal import Synchronization

/// The directory above all layers.
///
/// The kernel keeps a copy of its listing (without opendir there is no way to forbid that) and compares the directory's time before it
/// uses the copy. So the time moves whenever the slots are not those of the last look.
final class StoreRoot: Sendable {
    private struct Seen {
        var slots: [UInt32] = []
        /// Goes up with every change.
        var generation: Int64 = 0
    }

    private let seen = Mutex(Seen())

    /// How long the kernel goes through the root, and to a slot it knows, without asking. Not 0: that would cost two questions for
    /// every path that begins here, and make open and stat ten times slower.
    static let validity = Duration.seconds(1)

    func attributes(slots: [UInt32]) -> Attributes {
        let generation = seen.withLock { seen in
            if seen.slots != slots {
                seen.slots = slots
                seen.generation += 1
            }
            return seen.generation
        }
        return Attributes(
            inode: NodeAddress.root.id, kind: .directory, mode: 0o755, linkCount: 2 + UInt32(clamping: slots.count),
            modifiedSeconds: Self.epoch + generation)
    }

    func entry(slots: [UInt32]) -> Entry {
        Entry(
            node: NodeAddress.root.id, attributes: attributes(slots: slots), nameValidity: Self.validity,
            attributesValidity: Self.validity)
    }

    /// A file that is found and not listed, empty and never read, for the first close on the mount: the kernel asks about a close once
    /// (FUSE_FLUSH), learns that there is nothing to do, and remembers. Whoever was the first while the daemon is away would wait for it
    /// unkillably, were he the one who wants to start it.
    static let touchstone = ".touchstone"

    /// As `touchstone` is found. Nothing but its name is ever asked for: its id means nothing (`NodeAddress`).
    static let touchstoneEntry = Entry(
        node: 2, attributes: Attributes(inode: 2, kind: .regular, mode: 0o444), nameValidity: .zero,
        attributesValidity: LayerNode.validity)

    /// 2000-01-01: a time that looks like one, below all that a clock says.
    private static let epoch: Int64 = 946_684_800

    /// The slot a name means: decimal digits, no sign, no leading zero.
    static func slot(named name: [UInt8]) -> UInt32? {
        guard name.first != UInt8(ascii: "0"), name.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt32(String(decoding: name, as: UTF8.self))
    }
}
