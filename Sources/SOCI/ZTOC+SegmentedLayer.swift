internal import Gzip
package import LayerFormat
internal import OCI

extension ZTOC: SegmentedLayer {
    package var segmentCount: Int { spans.count }

    package func segment(_ number: Int) -> Segment {
        let isLast = number + 1 == spans.count
        let start = spans.inputs[number] - (spans.bits[number] == 0 ? 0 : 1)
        return Segment(
            number: number, compressed: start..<(isLast ? blobSize : spans.inputs[number + 1]),
            content: contentStart(number)..<(isLast ? contentSize : contentStart(number + 1)),
            digest: Digest(sha256: Array(spans.digests[32 * number..<32 * number + 32])))
    }

    package func segmentNumber(containing offset: Int64) -> Int {
        precondition(offset >= 0 && offset < contentSize, "no segment holds offset \(offset)")
        var low = 0
        var high = spans.count
        // outputs[low] <= offset < outputs[high], where the end counts as infinite.
        while high - low > 1 {
            let middle = (low + high) / 2
            if spans.outputs[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    package func makeDecoder(for number: Int) throws -> any SegmentDecoder {
        let content = segment(number).content
        let need = content.upperBound - content.lowerBound
        guard compression == .gzip else { return PlainDecoder(need: need) }
        return GzipSpanDecoder(
            span: number,
            CheckpointDecoder(bits: spans.bits[number], window: try storedWindow(number) ?? [], need: need))
    }

    package func window(before number: Int) throws -> [UInt8]? {
        // A checkpoint in the padding behind the tar's end has a window that no segment's content ends with.
        guard compression == .gzip, spans.outputs[number] <= contentSize else { return nil }
        let existing = min(spans.outputs[number], Int64(Checkpoint.windowSize))
        return try (storedWindow(number) ?? []).suffix(Int(existing))
    }

    /// The tar may have padding behind its end, and checkpoints there.
    private func contentStart(_ number: Int) -> Int64 { min(spans.outputs[number], contentSize) }

    /// 32 KiB as stored, or nil for the first span of an old zTOC.
    private func storedWindow(_ number: Int) throws -> [UInt8]? {
        guard let position = spans.records?.position(number) else { return nil }
        let start = position + Int64(ZTOCLayout.CheckpointBlob.fieldsSize)
        let window = try file.bytes(in: start..<start + Int64(Checkpoint.windowSize))
        guard window.count == Checkpoint.windowSize else {
            throw LayerFormatError(.malformed, "the zTOC's file became shorter")
        }
        return window
    }
}
