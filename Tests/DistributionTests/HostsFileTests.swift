import Distribution
import HTTP
import OCI
import TestSupport
import Testing

@Suite struct HostsFileTests {
    static let path = "/etc/certs.d/r.example/hosts.toml"

    @Test func readsEverything() throws {
        let file = try HostsFile(
            parsing: #"""
                server = "https://r.example"
                ca = "ca.pem"

                [host."https://z-mirror.example"]
                  capabilities = ["pull", "resolve"]
                  ca = ["/abs/a.pem", "b.pem"]
                  client = [["c.pem", "k.pem"]]
                  [host."https://z-mirror.example".header]
                    x-one = "1"
                    x-two = ["2", "3"]

                [host.'http://a-mirror.example:5000/v2/mirror']
                  override_path = true
                  skip_verify = true

                # [host."https://commented.example"]
                [host."plain.example"]
                """#, path: Self.path)
        #expect(
            file.mirrors.map { $0.base.text } == [
                "https://z-mirror.example/v2", "http://a-mirror.example:5000/v2/mirror", "https://plain.example/v2",
            ])
        #expect(file.server?.base.text == "https://r.example/v2")
        #expect(file.server?.tls.caFiles == ["/etc/certs.d/r.example/ca.pem"])
        let first = file.mirrors[0]
        #expect(first.capabilities == [.pull, .resolve])
        #expect(first.tls.caFiles == ["/abs/a.pem", "/etc/certs.d/r.example/b.pem"])
        #expect(first.tls.clientCertificate?.key == "/etc/certs.d/r.example/k.pem")
        #expect(first.headers == [HTTPHeader("x-one", "1"), HTTPHeader("x-two", "2"), HTTPHeader("x-two", "3")])
        #expect(file.mirrors[1].tls.skipVerification)
        #expect(file.mirrors[2].capabilities == Set(Endpoint.Capability.allCases))
        #expect(file.warnings == [])
    }

    static let bases: [(url: String, override: Bool, base: String)] = [
        ("https://m.example", false, "https://m.example/v2"), ("https://m.example/", false, "https://m.example/v2"),
        ("https://m.example/v2", false, "https://m.example/v2"),
        ("https://m.example/v2/", false, "https://m.example/v2"),
        ("https://m.example/x", false, "https://m.example/x/v2"), ("https://m.example/x", true, "https://m.example/x"),
        ("https://m.example:443", false, "https://m.example/v2"), ("localhost:5000", false, "http://localhost:5000/v2"),
        ("m.example:5000", false, "https://m.example:5000/v2"),
    ]

    @Test(arguments: bases) func completesURLs(url: String, override: Bool, base: String) throws {
        let file = try HostsFile(parsing: "[host.\"\(url)\"]\noverride_path = \(override)\n", path: Self.path)
        #expect(file.mirrors.map { $0.base.text } == [base])
    }

    static let invalid: [(text: String, message: String)] = [
        ("server = 1", "server must be a string"),
        ("host = 1", "host must be a table"),
        ("host.\"https://m\" = 1", "host.\"https://m\" must be a table"),
        (
            "[host.\"https://m\"]\ncapabilities = \"pull\"",
            "host.\"https://m\".capabilities must be an array of strings"
        ),
        (
            "[host.\"https://m\"]\ncapabilities = [\"fly\"]",
            "host.\"https://m\".capabilities names 'fly'; known are pull, resolve, push and referrers"
        ),
        ("[host.\"https://m\"]\nskip_verify = \"no\"", "host.\"https://m\".skip_verify must be true or false"),
        ("[host.\"https://m\"]\nca = [1]", "host.\"https://m\".ca must be a string or an array of strings"),
        (
            "[host.\"https://m\"]\nclient = [[\"a\",\"b\"],[\"c\",\"d\"]]",
            "host.\"https://m\".client must hold one certificate and its key"
        ),
        ("[host.\"https://m\".header]\n\"a b\" = \"c\"", "host.\"https://m\".header.a b cannot stand in a header line"),
        ("[host.\"https://m\".header]\na = \"b\\nc: d\"", "host.\"https://m\".header.a cannot stand in a header line"),
        ("[host.\"ftp://m\"]", "host.\"ftp://m\" is no http or https URL without user name"),
        ("[host.\"https://u:p@m\"]", "host.\"https://u:p@m\" is no http or https URL without user name"),
        ("[host.\"https://m?x=1\"]", "host.\"https://m?x=1\" must not have a query"),
    ]

    @Test(arguments: invalid) func errorsNameFileAndKey(text: String, message: String) {
        #expect { try HostsFile(parsing: text, path: Self.path) } throws: { "\($0)" == "\(Self.path): \(message)" }
    }

    @Test func syntaxErrorsNameTheLine() {
        #expect { try HostsFile(parsing: "server = \"x\"\n[host", path: Self.path) } throws: {
            ($0 as? RegistryError)?.code == .invalidConfiguration && "\($0)".hasPrefix("\(Self.path): line 2, column ")
        }
    }

    @Test func unknownKeysAreWarnedAbout() throws {
        let file = try HostsFile(parsing: "new = 1\n[host.\"https://m\"]\nspeed = 2\n", path: Self.path)
        #expect(
            file.warnings == [
                "\(Self.path): host.\"https://m\".speed is not known and has no effect",
                "\(Self.path): new is not known and has no effect",
            ])
    }

    @Test func orderSurvivesStringsThatLookLikeTables() throws {
        let text = #"""
            [host."https://z"]
            ca = """
            [host."https://y"]
            """
            capabilities = [
              "pull", # ] [host."https://x"]
            ]
            [host."https://b".header]
            a = '[host."https://w"]'
            [host."https://a"]
            """#
        let file = try HostsFile(parsing: text, path: Self.path)
        #expect(file.mirrors.map { $0.base.origin.host } == ["z", "b", "a"])
    }

    @Test func directoriesAndDefaults() throws {
        let scratch = try ScratchDirectory()
        _ = try scratch.makeDirectory("r.example_5000_")
        _ = try scratch.makeDirectory("_default")
        _ = try scratch.makeDirectory("docker.io")
        _ = try scratch.makeDirectory("old.example")
        try scratch.write(Array("[host.\"https://one\"]\n".utf8), to: "r.example_5000_/hosts.toml")
        try scratch.write(Array("server = \"https://any\"\n[host.\"https://all\"]\n".utf8), to: "_default/hosts.toml")
        try scratch.write(
            Array("server = \"https://registry-1.docker.io\"\n[host.\"https://hub\"]\n".utf8),
            to: "docker.io/hosts.toml")
        for name in ["ca.crt", "me.cert", "me.key"] { try scratch.write([], to: "old.example/\(name)") }
        let hosts = HostConfiguration(directories: ["/nonexistent", scratch.path])

        let own = try hosts.endpoints(for: Reference("r.example:5000/a")).endpoints
        #expect(own.map { $0.base.text } == ["https://one/v2", "https://r.example:5000/v2"])
        #expect(own.map(\.namespace) == ["r.example:5000", nil])
        #expect(own.map(\.takesRequestCredentials) == [false, true])
        #expect(own.map(\.isOrigin) == [false, true])

        let fallback = try hosts.endpoints(for: Reference("x.example/a")).endpoints
        #expect(fallback.map { $0.base.text } == ["https://all/v2", "https://any/v2"])
        // `_default` speaks for every registry: no registry's own credentials go there.
        #expect(fallback.map(\.takesRequestCredentials) == [false, false])

        let hub = try hosts.endpoints(for: Reference("alpine")).endpoints
        #expect(hub.map { $0.base.text } == ["https://hub/v2", "https://registry-1.docker.io/v2"])
        #expect(hub.map(\.namespace) == ["docker.io", nil])
        #expect(hub.map(\.takesRequestCredentials) == [false, true])
        #expect(hub[1].credentialHost == "docker.io")

        let old = try hosts.endpoints(for: Reference("old.example/a")).endpoints
        #expect(old[0].tls.caFiles == [scratch.file("old.example/ca.crt")])
        #expect(old[0].tls.clientCertificate?.key == scratch.file("old.example/me.key"))
    }

    @Test(arguments: [
        ("localhost/a", "http://localhost/v2"), ("localhost:5000/a", "http://localhost:5000/v2"),
        ("127.9.9.9:5000/a", "http://127.9.9.9:5000/v2"), ("[::1]:5000/a", "http://[::1]:5000/v2"),
        ("127.0.0.1.example/a", "https://127.0.0.1.example/v2"),
        ("localhost.example/a", "https://localhost.example/v2"),
        ("r.example/a", "https://r.example/v2"), ("plain.example:80/a", "http://plain.example/v2"),
        ("10.0.0.1:5000/a", "https://10.0.0.1:5000/v2"), ("alpine", "https://registry-1.docker.io/v2"),
    ])
    func plainHTTPOnlyWhereAllowed(name: String, base: String) throws {
        let hosts = HostConfiguration(directories: [], plainHTTP: ["plain.example:80"])
        let endpoints = try hosts.endpoints(for: Reference(name)).endpoints
        #expect(endpoints.map { $0.base.text.replacing(":80/", with: "/") } == [base])
    }
}
