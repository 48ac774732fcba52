internal import LayerFormat

/// Where a file's bytes lie in the tar, as EROFS says it: the file in chunks of one size, each with its first block.
struct ChunkMap {
    /// Size of a chunk: a block's, shifted left so far.
    private(set) var shift = 0
    /// One a chunk: a block of the tar, or `Format.hole`.
    private(set) var blocks: [UInt32] = []

    /// Five bits of the chunk format.
    private static let largestShift = 31
    /// More would be a file of holes that no sane layer has.
    private static let mostChunks: Int64 = 1 << 21

    /// - Parameters:
    ///   - extents: of the whole file, without gaps.
    ///   - size: of the file, in bytes.
    ///   - tarSize: of the tar, in bytes.
    init(_ extents: [Extent], size: Int64, tarSize: Int64) throws(Obstacle) {
        guard size > 0 else { return }
        // As large as the file; but where an extent begins, a chunk must.
        let fileBlocks = (size - 1) >> Int64(Format.blockBits) + 1
        shift = min(Self.largestShift, 64 - (fileBlocks - 1).leadingZeroBitCount)
        for extent in extents {
            try Self.check(extent, tarSize)
            if extent.fileOffset > 0 {
                shift = min(shift, extent.fileOffset.trailingZeroBitCount - Format.blockBits)
            }
        }
        guard shift >= 0 else { throw .unalignedContent }
        let chunk = Int64(Format.blockSize) << Int64(shift)
        let count = (size - 1) / chunk + 1
        guard count <= Self.mostChunks else { throw .tooLarge }
        blocks.reserveCapacity(Int(count))
        var index = 0
        for position in stride(from: 0, to: size, by: Int(chunk)) {
            while extents[index].fileOffset + extents[index].length <= position { index += 1 }
            let extent = extents[index]
            guard let tarOffset = extent.tarOffset else {
                blocks.append(Format.hole)
                continue
            }
            let block = (tarOffset + position - extent.fileOffset) >> Int64(Format.blockBits)
            guard block < Int64(Format.hole) else { throw .contentOutOfReach }
            blocks.append(UInt32(block))
        }
    }

    private static func check(_ extent: Extent, _ tarSize: Int64) throws(Obstacle) {
        guard let tarOffset = extent.tarOffset else { return }
        guard tarOffset >= 0, tarOffset <= tarSize, extent.length <= tarSize - tarOffset else {
            throw .contentOutOfReach
        }
        guard tarOffset.isMultiple(of: Int64(Format.blockSize)) else { throw .unalignedContent }
    }
}
