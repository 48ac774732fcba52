// Invariant: any text is refused or gives a filter that answers; the same text gives the same filter.
import Filters

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    _ = (try? Pattern(text))?.matches("k8s.io/17/sha256:0123456789abcdef")
    guard let filter = try? Filter([text]) else { return 0 }
    let answer = filter.matches { path in path.count < 3 ? path.last : nil }
    guard (try? Filter([text])) == filter, filter.matches({ $0.count < 3 ? $0.last : nil }) == answer else {
        fatalError("a filter changes its mind")
    }
    return 0
}
