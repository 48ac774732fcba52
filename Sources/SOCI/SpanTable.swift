internal import LayerFormat

/// The spans of a layer as flat arrays: where each starts, and its digest.
struct SpanTable: Sendable {
    /// Compressed offset of the first whole byte, per span.
    var inputs: [Int64] = []
    /// Content offset, per span.
    var outputs: [Int64] = []
    /// Bits of the byte before `inputs` that belong to the span.
    var bits: [UInt8] = []
    /// 32 bytes a span.
    var digests: [UInt8] = []
    /// Where each checkpoint's record lies in the file; nil for plain tar.
    var records: CheckpointRecords?

    var count: Int { inputs.count }

    /// Places of checkpoint records in the zTOC's file.
    struct CheckpointRecords: Sendable {
        var start: Int64
        /// Version 1: the first checkpoint is not stored (soci.md 2.1).
        var isFirstImplied: Bool

        /// Where record `number` begins, or nil if it is implied.
        func position(_ number: Int) -> Int64? {
            let index = isFirstImplied ? number - 1 : number
            guard index >= 0 else { return nil }
            return start + Int64(ZTOCLayout.CheckpointBlob.headerSize)
                + Int64(index) * Int64(ZTOCLayout.CheckpointBlob.recordSize)
        }
    }

    /// The rules of soci.md 9.4 and 9.5.
    func check(blobSize: Int64, contentSize: Int64, isGzip: Bool) throws(LayerFormatError) {
        guard count > 0 else {
            guard contentSize == 0 else {
                throw LayerFormatError(.malformed, "the zTOC has no span for \(contentSize) bytes of content")
            }
            return
        }
        guard outputs[0] == 0, inputs[0] >= (isGzip ? 10 : 0) else {
            throw LayerFormatError(.malformed, "the zTOC's first span starts at \(inputs[0]), content \(outputs[0])")
        }
        for number in 0..<count {
            let end = number + 1 < count ? inputs[number + 1] : blobSize
            let contentEnd = number + 1 < count ? outputs[number + 1] : Int64.max
            let isEmpty = outputs[number] >= min(contentEnd, contentSize)
            guard bits[number] < 8, inputs[number] <= end, end <= blobSize, outputs[number] <= contentEnd,
                isEmpty || inputs[number] < end
            else {
                throw LayerFormatError(
                    .malformed, "the zTOC's span \(number) ends before it starts, or behind the blob")
            }
        }
        guard isGzip || contentSize <= blobSize else {
            throw LayerFormatError(.malformed, "the zTOC has more content than its plain tar")
        }
    }
}
