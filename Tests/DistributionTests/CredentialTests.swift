import Distribution
import Glibc
import TestSupport
import Testing

@Suite struct CredentialTests {
    static let basic = Credential.basic(user: "u", password: "p:q")
    static let encoded = "dTpwOnE="

    static let requests: [(name: String, given: RequestCredentials, expected: Credential?)] = [
        ("nothing", RequestCredentials(), nil),
        ("user and password", RequestCredentials(username: "u", password: "p:q"), basic),
        ("user without password", RequestCredentials(username: "u"), .basic(user: "u", password: "")),
        (
            "user before the rest",
            RequestCredentials(username: "u", password: "p:q", auth: "eA==", identityToken: "t"), basic
        ),
        ("identity token before auth", RequestCredentials(auth: encoded, identityToken: "t"), .identityToken("t")),
        ("auth", RequestCredentials(auth: encoded), basic),
        ("auth without padding", RequestCredentials(auth: "dTpwOnE"), basic),
        ("auth with NULs", RequestCredentials(auth: "dTpwOnEAAA=="), basic),
        ("registry token", RequestCredentials(registryToken: "t"), .registryToken("t")),
        (
            "this server", RequestCredentials(username: "u", password: "p:q", serverAddress: "https://r.example/v1/"),
            basic
        ),
        ("bare server", RequestCredentials(username: "u", password: "p:q", serverAddress: "R.example"), basic),
        (
            "another server", RequestCredentials(username: "u", password: "p", serverAddress: "https://other.example"),
            nil
        ),
    ]

    @Test(arguments: requests) func precedence(name: String, given: RequestCredentials, expected: Credential?) throws {
        #expect(try given.credential(for: "r.example") == expected)
    }

    @Test func dockerHubHasMoreNames() throws {
        let given = RequestCredentials(username: "u", password: "p:q", serverAddress: "https://index.docker.io/v1/")
        #expect(try given.credential(for: "docker.io") == Self.basic)
    }

    @Test(arguments: ["!", "dXNlcg==", "////"]) func badAuthIsAnError(_ auth: String) {
        #expect { try RequestCredentials(auth: auth).credential(for: "r.example") } throws: {
            ($0 as? RegistryError)?.code == .invalidConfiguration && !"\($0)".contains(auth)
        }
    }

    @Test func neverPrinted() {
        let given = RequestCredentials(username: "user", password: "secret", auth: "secret", identityToken: "secret")
        for text in [
            "\(given)", String(reflecting: given), "\(Credential.identityToken("secret"))",
            String(reflecting: Credential.basic(user: "u", password: "secret")),
        ] {
            #expect(!text.contains("secret"))
        }
        var dumped = ""
        dump(given, to: &dumped)
        dump(Credential.registryToken("secret"), to: &dumped)
        #expect(!dumped.contains("secret"))
    }

    static let config = #"""
        {"auths":{
          "https://index.docker.io/v1/":{"auth":"dTpwOnE="},
          "plain.example:5000":{"username":"u","password":"p:q"},
          "id.example":{"auth":"eDp5","identitytoken":"t"},
          "token.example":{"auth":"PHRva2VuPjp0"},
          "registrytoken.example":{"registrytoken":"t"},
          "broken.example":{"auth":"!!"},
          "empty.example":{}},
         "credHelpers":{"helped.example":"test","failing.example":"failing","none.example":"none","slow.example":"slow",
          "nonsense.example":"nonsense","odd.example":"../../bin/sh","missing.example":"not-installed","huge.example":"huge"},
         "HttpHeaders":{"a":"b"}}
        """#

    static let entries: [(host: String, expected: Credential?)] = [
        ("docker.io", basic), ("plain.example:5000", basic), ("id.example", .identityToken("t")),
        ("token.example", .identityToken("t")), ("registrytoken.example", .registryToken("t")), ("empty.example", nil),
        ("absent.example", nil),
    ]

    @Test(arguments: entries) func readsDockerConfig(host: String, expected: Credential?) async throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.write(Array(Self.config.utf8), to: "config.json")
        #expect(try await DockerConfig(path: path).credential(for: .init(host: host), fresh: false) == expected)
    }

    @Test func asksHelpers() async throws {
        // As `imagelet` does at its start: a helper may end before it has read who it was asked for.
        _ = signal(SIGPIPE, SIG_IGN)
        let scratch = try ScratchDirectory()
        let path = try scratch.write(Array(Self.config.utf8), to: "config.json")
        let helpers = [
            "test": #"read server; echo "{\"ServerURL\":\"$server\",\"Username\":\"u\",\"Secret\":\"p:q\"}""#,
            "failing": "echo secret-in-output; exit 1", "slow": "exec sleep 60", "nonsense": "echo hello",
            "none": "echo 'credentials not found in native keychain'; exit 1", "huge": "yes secret-in-output",
        ]
        for (name, script) in helpers {
            let file = try scratch.write(
                Array("#!/bin/sh\n[ \"$1\" = get ] || exit 9\n\(script)\n".utf8), to: "docker-credential-\(name)")
            try Tool.check(["chmod", "+x", file])
        }
        let search = scratch.path + ":/usr/bin:/bin"
        let config = DockerConfig(
            path: path, helper: CredentialHelper(directory: search, timeLimit: .milliseconds(300)))
        let patient = DockerConfig(path: path, helper: CredentialHelper(directory: search))
        #expect(try await patient.credential(for: .init(host: "helped.example"), fresh: false) == Self.basic)
        #expect(try await patient.credential(for: .init(host: "none.example"), fresh: false) == nil)
        for host in [
            "failing.example", "nonsense.example", "odd.example", "missing.example", "broken.example", "huge.example",
        ] {
            let error = await failure { _ = try await patient.credential(for: .init(host: host), fresh: false) }
            #expect(code(error) == .invalidConfiguration, "\(host)")
            #expect(!"\(error.map { "\($0)" } ?? "")".contains("secret"))
        }
        #expect(
            code(await failure { _ = try await config.credential(for: .init(host: "slow.example"), fresh: false) })
                == .invalidConfiguration)
    }

    @Test(arguments: ["", "[]", "{\"auths\":1}", "nonsense"]) func badConfigIsAnError(_ text: String) async throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.write(Array(text.utf8), to: "config.json")
        #expect(
            code(
                await failure { _ = try await DockerConfig(path: path).credential(for: .init(host: "a"), fresh: false) }
            )
                == .invalidConfiguration)
        #expect(
            try await DockerConfig(path: scratch.file("absent")).credential(for: .init(host: "a"), fresh: false) == nil)
    }

    @Test func findsTheFile() {
        #expect(DockerConfig.defaultPath(environment: ["DOCKER_CONFIG": "/d", "HOME": "/h"]) == "/d/config.json")
        #expect(DockerConfig.defaultPath(environment: ["HOME": "/h"]) == "/h/.docker/config.json")
        #expect(DockerConfig.defaultPath(environment: [:]) == nil)
    }
}
