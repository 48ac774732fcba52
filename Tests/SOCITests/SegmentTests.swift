import LayerFormat
import OCI
import SOCI
import Testing

/// What is decoded through a zTOC is the tar, from wherever one starts.
@Suite struct SegmentTests {
    @Test(arguments: VectorTests.vectors, [1, 50, Int.max])
    func everySegmentIsItsSliceOfTheTar(_ vector: VectorTests.Vector, piece: Int) throws {
        let layer = try ZTOC(
            InMemoryBytes(Layers.index(vector.blob, vector.compression, spanSize: vector.spanSize).file))
        for number in 0..<layer.segmentCount {
            let range = layer.segment(number).content
            let content = try Layers.decode(number, of: layer, blob: vector.blob, piece: piece)
            #expect(content == Array(Vectors.tar[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    @Test(arguments: VectorTests.vectors) func everyOffsetAndLengthIsTheTarsSlice(_ vector: VectorTests.Vector) throws {
        let layer = try ZTOC(
            InMemoryBytes(Layers.index(vector.blob, vector.compression, spanSize: vector.spanSize).file))
        let segments = try (0..<layer.segmentCount).map { try Layers.decode($0, of: layer, blob: vector.blob) }
        for offset in stride(from: 0, to: 17920, by: 1) {
            let number = layer.segmentNumber(containing: Int64(offset))
            #expect(layer.segment(number).content.contains(Int64(offset)))
            let start = Int(layer.segment(number).content.lowerBound)
            #expect(segments[number][offset - start] == Vectors.tar[offset])
        }
        var random = Random(seed: 3)
        for _ in 0..<2000 {
            let offset = random.next(below: 17920)
            let length = 1 + random.next(below: 17920 - offset)
            var content: [UInt8] = []
            let first = layer.segmentNumber(containing: Int64(offset))
            let last = layer.segmentNumber(containing: Int64(offset + length - 1))
            for number in first...last { content += segments[number] }
            let skipped = offset - Int(layer.segment(first).content.lowerBound)
            #expect(Array(content[skipped..<skipped + length]) == Array(Vectors.tar[offset..<offset + length]))
        }
    }

    @Test(arguments: VectorTests.vectors) func windowsAreWhatLiesBefore(_ vector: VectorTests.Vector) throws {
        let layer = try ZTOC(
            InMemoryBytes(Layers.index(vector.blob, vector.compression, spanSize: vector.spanSize).file))
        for number in 0..<layer.segmentCount {
            let window = try layer.window(before: number)
            guard vector.compression == .gzip else {
                #expect(window == nil)
                continue
            }
            let start = Int(layer.segment(number).content.lowerBound)
            #expect(window == Array(Vectors.tar[max(0, start - 32768)..<start]))
        }
    }

    @Test func aForgedWindowDiffersFromTheContentBefore() throws {
        var patch = ZTOCPatch(Vectors.ztocA)
        patch.bytes[patch.record(3) + 17 + 32767] ^= 1
        let layer = try ZTOC(InMemoryBytes(patch.bytes))
        #expect(try layer.window(before: 3) != Array(Vectors.tar[..<8091]))
        let content = try? Layers.decode(3, of: layer, blob: Vectors.layerA)
        #expect(content != Array(Vectors.tar[8091..<11938]))
    }

    @Test func theOldFormWithoutFirstCheckpoint() throws {
        var patch = ZTOCPatch(Vectors.ztocA)
        let blob = Array(patch.bytes[patch.checkpoints])
        try patch.set(patch.compression, slot: 3, Array(blob[..<12] + blob[32797...]))
        let layer = try ZTOC(InMemoryBytes(patch.bytes))
        #expect(layer.segmentCount == 6)
        #expect(try layer.window(before: 0) == [])
        for number in 0..<6 {
            let range = layer.segment(number).content
            let content = try Layers.decode(number, of: layer, blob: Vectors.layerA)
            #expect(content == Array(Vectors.tar[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    /// As writers before v0.14 did: no checkpoint behind the first member's end, but all members in the list.
    @Test func membersInsideTheLastSpan() throws {
        let built = try Layers.index(Vectors.layerB, .gzip, spanSize: 1500).file
        var patch = ZTOCPatch(built)
        let blob = Array(patch.bytes[patch.checkpoints])
        try patch.set(patch.compression, slot: 3, [2, 0, 0, 0] + blob[4..<12 + 2 * 32785])
        try patch.set(patch.compression, slot: 1, 4, 1)
        let digests = [20..<377, 377..<2459].map { Digest(of: Array(Vectors.layerB[$0])).description }
        try patch.set(patch.compression, slot: 2, digests.map { Array($0.utf8) })
        let layer = try ZTOC(InMemoryBytes(patch.bytes))
        for piece in [1, 2459] {
            #expect(
                try Layers.decode(1, of: layer, blob: Vectors.layerB, piece: piece) == Array(Vectors.tar[1917..<17920]))
        }
    }

    @Test func changedBytesNeverGiveMoreThanTheSegment() throws {
        let layer = try ZTOC(InMemoryBytes(Vectors.ztocA))
        for number in 0..<layer.segmentCount {
            let segment = layer.segment(number)
            let range = Int(segment.compressed.lowerBound)..<Int(segment.compressed.upperBound)
            for position in range {
                var bytes = Array(Vectors.layerA[range])
                bytes[position - range.lowerBound] ^= 0x10
                #expect(Digest(of: bytes) != segment.digest)
                var count = 0
                let decoder = try layer.makeDecoder(for: number)
                do {
                    try decoder.feed(bytes) { count += $0.count }
                    try decoder.finish()
                } catch let error as LayerFormatError {
                    #expect(error.code == .malformed || error.code == .mismatch)
                }
                #expect(count <= Int(segment.content.upperBound - segment.content.lowerBound))
            }
        }
    }

    @Test func missingBytesAreAMismatch() throws {
        for file in [Vectors.ztocA, Vectors.ztocC] {
            let layer = try ZTOC(InMemoryBytes(file))
            let decoder = try layer.makeDecoder(for: 1)
            #expect { try decoder.finish() } throws: { ($0 as? LayerFormatError)?.code == .mismatch }
        }
    }

    @Test func aPlainSegmentStopsAtTheContentsEnd() throws {
        let layer = try ZTOC(InMemoryBytes(Vectors.ztocC))
        #expect(try Layers.decode(4, of: layer, blob: Vectors.tar, piece: 1000) == Array(Vectors.tar[16384..<17920]))
    }

    @Test func refusesAZTOCOfAnotherLayer() throws {
        let format = SOCIFormat()
        #expect(try format.open(InMemoryBytes(Vectors.ztocA), blobSize: 2172).segmentCount == 6)
        #expect {
            try format.open(InMemoryBytes(Vectors.ztocA), blobSize: 2173)
        } throws: { ($0 as? LayerFormatError)?.code == .mismatch }
    }

    @Test func theTreeOfTheVectors() throws {
        for file in [Vectors.ztocA, Vectors.ztocC] {
            let tree = try SOCIFormat().makeTree(InMemoryBytes(file))
            let ping = try #require(tree.node(atPath: "bin/ping"))
            #expect(tree.attributes(of: ping).mode == 0o4755)
            #expect(tree.xattr(Array("user.note".utf8), of: ping) == Array("hi".utf8))
            let extents = tree.extents(of: try #require(tree.node(atPath: "data")), in: 0..<5000)
            #expect(extents.map(\.tarOffset) == [11776])
            #expect(tree.node(atPath: "etc/hard") == tree.node(atPath: "etc/motd"))
        }
    }
}
