import GRPC
import Testing

@Suite("Endpoints")
struct RPCEndpointTests {
    @Test(
        "are unix sockets with an absolute path",
        arguments: [
            ("unix:///run/imagelet/imagelet.sock", "/run/imagelet/imagelet.sock"),
            ("unix:/run/a.sock", "/run/a.sock"),
            ("/run/a.sock", "/run/a.sock"),
        ])
    func accepted(text: String, path: String) throws {
        let endpoint = try RPCEndpoint(text)
        #expect(endpoint.path == path)
        #expect(endpoint.description == "unix://\(path)")
    }

    @Test(
        "and nothing else",
        arguments: [
            "", "/", "unix://", "unix://run/a.sock", "run/a.sock", "tcp://127.0.0.1:1", "npipe:////./pipe/a",
            "/" + String(repeating: "a", count: 107), "/run/a\0b",
        ])
    func refused(text: String) {
        let failure = #expect(throws: RPCFailure.self) { try RPCEndpoint(text) }
        #expect(failure?.code == .invalidArgument)
    }
}
