import HTTP
import Testing

@Suite struct URLTests {
    @Test(arguments: [
        ("http://registry.example/v2/", "http://registry.example:80", "/v2/"),
        ("https://Registry.Example/v2/", "https://registry.example:443", "/v2/"),
        ("https://registry.example:5000/v2/a%2Fb/../c", "https://registry.example:5000", "/v2/a%2Fb/../c"),
        ("http://[::1]:5000/v2/", "http://[::1]:5000", "/v2/"),
        ("https://registry.example", "https://registry.example:443", "/"),
    ])
    func parses(text: String, origin: String, path: String) throws {
        let url = try HTTPURL(text)
        #expect(url.origin.description == origin)
        #expect(url.path == path)
    }

    @Test(arguments: [
        "", "registry.example/v2/", "/v2/", "ftp://registry.example/", "file:///etc/passwd", "http://", "https://?a",
        "http://user:secret@registry.example/", "http://user@registry.example/", "http://registry.example:99999/",
        "http://registry.example:x/", "http://a b/", "http://registry.example/\0",
    ])
    func refuses(text: String) {
        let error = #expect(throws: HTTPError.self) { try HTTPURL(text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.message.contains("secret") == false)
    }

    /// RFC 3986, 5.4, and what registries put into `Location` and `Link`.
    @Test(arguments: [
        ("/v2/b?x=1", "https://registry.example:5000/v2/b?x=1"),
        ("https://storage.example/b?sig=a%2Fb", "https://storage.example/b?sig=a%2Fb"),
        ("?n=2&last=a", "https://registry.example:5000/v2/a/blobs/x?n=2&last=a"),
        ("y", "https://registry.example:5000/v2/a/blobs/y"),
        ("//storage.example/b", "https://storage.example/b"),
        ("http://registry.example:5000/b", "http://registry.example:5000/b"),
        ("/a b#c", "https://registry.example:5000/a%20b"),
    ])
    func resolves(reference: String, expected: String) throws {
        let base = try HTTPURL("https://registry.example:5000/v2/a/blobs/x?y=z")
        #expect(try base.resolving(reference).text == expected)
    }

    @Test(arguments: [
        "ftp://registry.example/", "https://user:secret@registry.example/", "file:///etc/passwd", "https://",
    ])
    func refusesToResolve(reference: String) throws {
        let base = try HTTPURL("https://registry.example/v2/")
        #expect(throws: HTTPError.self) { try base.resolving(reference) }
    }

    @Test func isShownWithoutQuery() throws {
        let url = try HTTPURL("https://storage.example/b?X-Amz-Signature=secret")
        #expect("\(url)" == "https://storage.example/b")
        #expect(url.query == "X-Amz-Signature=secret")
    }
}
