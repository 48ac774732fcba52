// Invariant: any header value gives challenges, each with a scheme, without a trap.
import Distribution

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    guard Challenge.parse([text]).allSatisfy({ !$0.scheme.isEmpty }) else { fatalError("a challenge without scheme") }
    return 0
}
