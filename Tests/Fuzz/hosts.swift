// Invariant: any text is refused with an error that names the file, or gives mirrors whose bases are http or https URLs.
import Distribution
import HTTP

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    do {
        let file = try HostsFile(parsing: text, path: "/c/hosts.toml")
        for host in file.mirrors + (file.server.map { [$0] } ?? [])
        where !["http", "https"].contains(host.base.origin.scheme) {
            fatalError("\(host.base) is no base")
        }
    } catch {
        guard error.message.hasPrefix("/c/hosts.toml: ") else { fatalError("'\(error)' does not name the file") }
    }
    return 0
}
