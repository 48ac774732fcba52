// Invariant: any bytes give a document or an OCIError; a manifest or index that was read can be written and read again, unchanged.
import OCI

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    _ = try? ImageConfig(parsing: bytes)
    switch try? ManifestDocument.parse(bytes, mediaType: nil) {
    case .manifest(let manifest):
        guard let written = try? OCIDocument.encode(manifest), (try? Manifest(parsing: written)) == manifest else {
            fatalError("a manifest changes when written")
        }
    case .index(let index):
        guard let written = try? OCIDocument.encode(index), (try? ImageIndex(parsing: written)) == index else {
            fatalError("an index changes when written")
        }
        _ = try? index.manifest(for: .host)
    case .unsupported, nil: break
    }
    return 0
}
