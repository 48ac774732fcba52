// Invariant: any bytes give a value; its segments exist; its whole part, and what it is written anew as, give the same value.
import Layers
import OCI

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    let lengths: [Int64] = [10, 0, 4 << 20, 7]
    let header = JournalContent.header(blob: Digest(of: [1]), segmentCount: lengths.count, contentSize: 4_194_321)
    // Half of the inputs get past the header: what is behind it is the parser.
    for input in [bytes, header + bytes] {
        let content = JournalContent(input, header: header) { lengths.indices.contains($0) ? lengths[$0] : nil }
        guard content.validLength <= Int64(input.count), content.segments.keys.allSatisfy({ [0, 2, 3].contains($0) })
        else {
            fatalError("a journal says more than it has")
        }
        let whole = Array(input.prefix(Int(content.validLength)))
        let again = JournalContent(whole, header: header) { lengths.indices.contains($0) ? lengths[$0] : nil }
        guard again == content else { fatalError("the torn tail counts") }
        let short = content.written(header: header) { lengths.indices.contains($0) ? lengths[$0] : nil }
        var rewritten = JournalContent(short, header: header) { lengths.indices.contains($0) ? lengths[$0] : nil }
        var expected = content
        (rewritten.validLength, expected.validLength) = (0, 0)
        if !content.isFilled, content.complete == nil { expected.dropped = [] }
        guard rewritten == expected else { fatalError("written anew it says something else") }
    }
    return 0
}
