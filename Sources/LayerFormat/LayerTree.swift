/// The tree of one layer, as an overlay lower directory must look.
///
/// Whiteouts are 0:0 character devices, opaque directories carry `trusted.overlay.opaque`, hard links share one node, parents that no
/// entry names are made up, and `.wh.` names are invisible (soci.md 1.4, 6.7). Made by `LayerTree.Builder`.
///
/// Flat arrays behind one reference: copying a tree is one retain. A node number passed in must be below `nodeCount`.
package struct LayerTree: Sendable {
    /// 0 is the root. The same entries in the same order give the same numbers.
    package typealias NodeNumber = UInt32
    package static let root: NodeNumber = 0

    let storage: Storage

    package var nodeCount: Int { storage.nodes.count }

    package func attributes(of number: NodeNumber) -> NodeAttributes {
        let node = storage.nodes[Int(number)]
        let isDevice = node.kind == .characterDevice || node.kind == .blockDevice
        return NodeAttributes(
            kind: node.kind, mode: UInt32(node.mode), uid: node.uid, gid: node.gid, size: node.size,
            linkCount: node.linkCount, modified: Timestamp(seconds: node.seconds, nanoseconds: node.nanoseconds),
            deviceMajor: isDevice ? node.first : 0, deviceMinor: isDevice ? node.count : 0)
    }

    /// The directory that holds directory `number`; the root's is itself. Only directories have one parent.
    package func parent(of number: NodeNumber) -> NodeNumber { storage.nodes[Int(number)].parent }

    /// A symlink's text; empty for all else.
    package func linkTarget(of number: NodeNumber) -> [UInt8] {
        let node = storage.nodes[Int(number)]
        return node.kind == .symlink ? storage.slice(node.first, Int(node.count)) : []
    }
}

extension LayerTree {
    final class Storage: Sendable {
        let nodes: [Node]
        /// Children of all directories, each directory's together and sorted bytewise by name.
        let edges: [Edge]
        /// Names, symlink texts, names and values of extended attributes.
        let text: [UInt8]
        let pieces: [SparseMap.Piece]
        let xattrs: [Xattr]

        init(nodes: [Node], edges: [Edge], text: [UInt8], pieces: [SparseMap.Piece], xattrs: [Xattr]) {
            self.nodes = nodes
            self.edges = edges
            self.text = text
            self.pieces = pieces
            self.xattrs = xattrs
        }

        func slice(_ start: UInt32, _ count: Int) -> [UInt8] { Array(text[Int(start)..<Int(start) + count]) }
    }

    /// 64 bytes a node: a layer of 60,000 entries stays below 10 MB.
    struct Node: Sendable {
        var kind: NodeKind
        var mode: UInt16 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var linkCount: UInt32 = 1
        var nanoseconds: UInt32 = 0
        var seconds: Int64 = 0
        var size: Int64 = 0
        /// Offset of a file's content in the tar; while building, a directory's depth.
        var place: Int64 = 0
        /// Directory: its edges. Symlink: its text. Device: major and minor. Sparse file: its pieces.
        var first: UInt32 = 0
        var count: UInt32 = 0
        var parent: NodeNumber = 0
        var firstXattr: UInt32 = 0
        var xattrCount: UInt16 = 0
        var isSparse = false
    }

    struct Edge: Sendable {
        var name: UInt32
        var node: NodeNumber
        var nameLength: UInt16
    }

    struct Xattr: Sendable {
        var name: UInt32
        var value: UInt32
        var valueLength: UInt32
        var nameLength: UInt16
    }
}
