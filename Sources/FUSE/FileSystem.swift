/// What answers the kernel's questions about a read-only tree.
///
/// Every method may be called from several threads at once, on threads of libfuse that may block; each call is answered by consuming
/// its reply, at once or later and from any thread (put it into a `Handoff` to carry it into a task). A reply that is dropped
/// answers EIO. Names are bytes without NUL and slash. Permissions are checked by the kernel (`default_permissions`), opening is never
/// asked for (measured.md part 3).
package protocol FileSystem: AnyObject, Sendable {
    func lookup(_ name: [UInt8], in parent: NodeID, _ reply: consuming EntryReply)
    func attributes(of node: NodeID, _ reply: consuming AttributesReply)
    func linkTarget(of node: NodeID, _ reply: consuming BytesReply)
    /// Wants up to `size` bytes from `offset`; fewer only at the end of the file.
    func read(_ node: NodeID, at offset: Int64, size: Int, _ reply: consuming ReadReply)
    /// Wants names behind `offset`: 0 at first, then the offset that came with the last name. "." and ".." are among them.
    func list(_ node: NodeID, from offset: UInt64, _ reply: consuming DirectoryReply)
    /// `noData` if the node doesn't have it.
    func extendedAttribute(_ name: [UInt8], of node: NodeID, _ reply: consuming SizedReply)
    /// Wants the names, each ended by a NUL.
    func extendedAttributeNames(of node: NodeID, _ reply: consuming SizedReply)
    func statistics(of node: NodeID, _ reply: consuming StatisticsReply)
}
