// Invariant: any text is refused or gives a reference whose normalised form parses to the same reference.
import OCI

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    guard let reference = try? Reference(text) else { return 0 }
    guard let again = try? Reference(reference.description), again == reference else {
        fatalError("'\(reference)' does not parse to itself")
    }
    return 0
}
