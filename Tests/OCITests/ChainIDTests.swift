import OCI
import Testing

@Suite struct ChainIDTests {
    /// Computed with Python's hashlib from the diffIDs sha256("a"), sha256("b"), sha256("c").
    @Test func areThoseOfTheSpecification() throws {
        let diffIDs = ["a", "b", "c"].map { Digest(of: Array($0.utf8)) }
        #expect(
            Digest.chainIDs(of: diffIDs).map(\.description) == [
                "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                "sha256:51c0c8ace48498d6f5fee6b0592cc06f2da0f3cbe09c5a34a97dce85c3889676",
                "sha256:2fce7f8ce91bcf0a1428b36e1024639fdbd9469eea762dba98aa749631885106",
            ])
        #expect(Digest.chainIDs(of: []).isEmpty)
    }

    @Test func equalLayersDiffer() {
        let one = Digest(of: [1])
        #expect(Set(Digest.chainIDs(of: [one, one, one])).count == 3)
    }
}
