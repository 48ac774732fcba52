import OCI
import Testing

@Suite struct ReferenceTests {
    static let hex = String(repeating: "0a", count: 32)
    static let hex512 = String(repeating: "0b", count: 64)

    static let valid: [(text: String, normalised: String)] = [
        ("alpine", "docker.io/library/alpine"),
        ("alpine:3.22", "docker.io/library/alpine:3.22"),
        ("index.docker.io/alpine", "docker.io/library/alpine"),
        ("docker.io/alpine", "docker.io/library/alpine"),
        ("docker.io/library/alpine", "docker.io/library/alpine"),
        ("team/app", "docker.io/team/app"),
        ("localhost/app", "localhost/app"),
        ("localhost:5000/app:v1", "localhost:5000/app:v1"),
        ("localhost:5000", "docker.io/library/localhost:5000"),
        ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c"),
        ("[::1]:5000/app", "[::1]:5000/app"),
        ("[fe80::1]/app", "[fe80::1]/app"),
        ("registry.example/app@sha256:\(hex)", "registry.example/app@sha256:\(hex)"),
        ("registry.example/app:v1@sha256:\(hex)", "registry.example/app:v1@sha256:\(hex)"),
        ("registry.example/app@sha512:\(hex512)", "registry.example/app@sha512:\(hex512)"),
        ("MyHost/app", "MyHost/app"),
        ("a_b/c__d/e--f.g", "docker.io/a_b/c__d/e--f.g"),
        ("host:1/x:_tag.-1", "host:1/x:_tag.-1"),
        ("\(hex)a", "docker.io/library/\(hex)a"),
        ("registry.example/\(hex)", "registry.example/\(hex)"),
        ("gcr.io/p/a:" + String(repeating: "t", count: 128), "gcr.io/p/a:" + String(repeating: "t", count: 128)),
    ]

    @Test(arguments: valid) func normalises(text: String, normalised: String) throws {
        let reference = try Reference(text)
        #expect(reference.description == normalised)
        #expect(try Reference(reference.description) == reference)
    }

    static let invalid: [String] = [
        "", " ", "/", "a/", "/a", "a//b", "Alpine", "a/B", "host.example/App", ".a", "a.", "a..b", "a___b", "a._b",
        "-a",
        "a:", "a:-x", "a:.x", "a:b:c", "a:" + String(repeating: "t", count: 129), "a b", "ä", "a@", "a@sha256:12",
        "a@sha256:\(hex)@sha256:\(hex)", "a@md5:d41d8cd98f00b204e9800998ecf8427e", hex, "sha256:\(hex)",
        "host:/a", "host:x/a", "host:99999/a", "host:0/a", "-host.example/a", "host..example/a", ":5000/a", "[::1/a",
        "[]:1/a", "https://host.example/a", "a\0b", "a\n", String(repeating: "a", count: 256),
        String(repeating: "a/", count: 4000),
    ]

    @Test(arguments: invalid) func refuses(_ text: String) {
        #expect { try Reference(text) } throws: { ($0 as? OCIError)?.code == .invalidReference }
    }

    @Test func partsAndVariants() throws {
        let reference = try Reference("alpine:3")
        #expect(reference.apiHost == "registry-1.docker.io")
        #expect(reference.host == "docker.io")
        #expect(reference.repositoryName == "docker.io/library/alpine")
        #expect(try Reference("quay.io/a/b").apiHost == "quay.io")
        let digest = try Digest("sha256:\(Self.hex)")
        #expect(reference.withDigest(digest).description == "docker.io/library/alpine@sha256:\(Self.hex)")
        #expect(try reference.withTag("x").description == "docker.io/library/alpine:x")
        #expect(throws: OCIError.self) { try reference.withTag("a/b") }
        #expect(try Reference("a").resolutionTag == "latest")
        #expect(try Reference("a:b@sha256:\(Self.hex)").resolutionTag == nil)
        #expect(try Reference("a").withDefaultTag.description == "docker.io/library/a:latest")
        #expect(reference.withDefaultTag == reference)
    }
}
