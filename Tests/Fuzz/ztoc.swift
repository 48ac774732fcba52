// Invariant: any bytes give a zTOC whose segments tile its content, or a LayerFormatError; its entries, tree and decoders never crash, and no decoder gives more than its segment.
import LayerFormat
import SOCI

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
    let file = InMemoryBytes(bytes)
    do {
        let ztoc = try ZTOC(file)
        try check(ztoc, bytes)
        _ = try SOCIFormat().makeTree(file)
    } catch {
        precondition(error is LayerFormatError)
    }
    return 0
}

private func check(_ ztoc: ZTOC, _ bytes: [UInt8]) throws {
    var end: Int64 = 0
    for number in 0..<ztoc.segmentCount {
        let segment = ztoc.segment(number)
        precondition(segment.content.lowerBound == end && segment.compressed.upperBound <= ztoc.blobSize)
        end = segment.content.upperBound
        guard !segment.content.isEmpty, number < 20 else { continue }
        precondition(ztoc.segmentNumber(containing: segment.content.lowerBound) == number)
        precondition(ztoc.segmentNumber(containing: segment.content.upperBound - 1) == number)
        decode(number, of: ztoc, bytes)
    }
    precondition(end == ztoc.contentSize)
}

private func decode(_ number: Int, of ztoc: ZTOC, _ bytes: [UInt8]) {
    let content = ztoc.segment(number).content
    var given: Int64 = 0
    do {
        let decoder = try ztoc.makeDecoder(for: number)
        _ = try ztoc.window(before: number)
        try decoder.feed(Array(bytes.prefix(4096))) { given += Int64($0.count) }
        try decoder.finish()
    } catch {
        precondition(error is LayerFormatError)
    }
    precondition(given <= content.upperBound - content.lowerBound)
}
