import FUSE
import LayerFS
import LayerFormat
import Testing

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
}
