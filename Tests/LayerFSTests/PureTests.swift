import FUSE
import LayerFormat
import Layers
import Testing

@testable import LayerFS

struct PureTests {
    @Test(
        arguments: [
            (.root, 1), (.node(0, slot: 1), 1 << 32), (.node(7, slot: 2), 2 << 32 | 7), (.node(.max, slot: .max), .max),
        ] as [(NodeAddress, NodeID)])
    func addressesAreReversible(address: NodeAddress, id: NodeID) {
        #expect(address.id == id)
        #expect(NodeAddress(id) == address)
    }

    @Test(arguments: [0, 2, 0xffff_ffff] as [NodeID])
    func idsThatWereNeverGivenOutAreNone(id: NodeID) {
        #expect(NodeAddress(id) == nil)
    }

    @Test func logLimitLetsOneThroughAndCountsTheRest() {
        var limit = LogLimit()
        let start = ContinuousClock.now
        #expect(limit.admit(at: start) == 0)
        #expect(limit.admit(at: start.advanced(by: .seconds(1))) == nil)
        #expect(limit.admit(at: start.advanced(by: .seconds(4))) == nil)
        #expect(limit.admit(at: start.advanced(by: .seconds(5))) == 2)
        #expect(limit.admit(at: start.advanced(by: .seconds(20))) == 0)
    }

    /// A sparse file may be nearly 2^63 bytes long; a read at its end asks for more than there is.
    @Test func readsAtTheEndOfTheLargestFileAreCut() throws {
        let size = Int64.max
        var builder = LayerTree.Builder(limits: .standard)
        try builder.add(
            TarEntry(
                name: [97], kind: .regular, contentOffset: 512, mode: 0,
                records: [
                    TarEntry.Record(key: Array("GNU.sparse.map".utf8), value: []),
                    TarEntry.Record(key: Array("GNU.sparse.size".utf8), value: Array(String(size).utf8)),
                ]))
        let tree = try builder.finish()
        let number = try #require(tree.node(atPath: "a"))
        let node = try #require(try LayerNode(number, slot: 1, layer: TreeAlone(built: tree)))
        #expect(node.readable(at: size - 10, size: 4096) == size - 10..<size)
        #expect(node.readable(at: size, size: 4096).isEmpty)
        #expect(node.readable(at: 0, size: 4096) == 0..<4096)
    }
}

/// A layer that is only looked at.
private struct TreeAlone: LayerReader {
    let built: LayerTree

    func tree() throws -> LayerTree { built }
    func readIfLocal(at tarOffset: Int64, into buffer: inout MutableSpan<UInt8>) throws -> Bool { false }
    func makeLocal(_ tarRange: Range<Int64>) async throws {}
}
