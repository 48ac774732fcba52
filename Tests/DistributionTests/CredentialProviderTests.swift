import Foundation
import TestSupport
import Testing

@testable import Distribution

/// The kubelet's plugins, played by small scripts.
@Suite struct CredentialProviderTests {
    private static let version = "credentialprovider.kubelet.k8s.io/v1"

    /// A plugin that notes what it was asked, and runs `script` with the question in `$question`.
    private func provider(
        _ scratch: ScratchDirectory, _ script: String, name: String = "plugin", match: [String] = ["*.example"],
        life: String = "1h", arguments: [String] = [], environment: [String: String] = [:]
    ) throws -> CredentialProvider {
        let file = try scratch.write(
            Array(
                "#!/bin/sh\nquestion=$(cat)\nprintf '%s %s\\n' \"$*\" \"$question\" >> '\(scratch.path)/asked'\n\(script)\n"
                    .utf8), to: name)
        try Tool.check(["chmod", "+x", file])
        return try CredentialProvider(
            name: name, matchImages: match, defaultCacheDuration: life, apiVersion: Self.version, arguments: arguments,
            environment: environment)
    }

    private func answer(_ auth: String, scope: String = "Registry", life: String? = nil) -> String {
        let duration = life.map { #","cacheDuration":"\#($0)""# } ?? ""
        return
            #"echo '{"kind":"CredentialProviderResponse","apiVersion":"\#(Self.version)","cacheKeyType":"\#(scope)"\#(duration),"auth":\#(auth)}'"#
    }

    private func asked(_ scratch: ScratchDirectory) -> [String] {
        let text = (try? String(contentsOfFile: scratch.file("asked"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    private func login(_ user: String, _ password: String = "p") -> String {
        #"{"username":"\#(user)","password":"\#(password)"}"#
    }

    @Test func isAskedForTheImageAndGivesTheMostParticularLogin() async throws {
        let scratch = try ScratchDirectory()
        let auth = #"{"r.example":\#(login("all")),"r.example/team":\#(login("team")),"*.example":\#(login("any"))}"#
        let plugin = try provider(scratch, answer(auth), arguments: ["get", "--v=3"])
        let source = CredentialProviders([plugin], directory: scratch.path)
        let found = try await source.credential(
            for: CredentialTarget(host: "r.example", repository: "team/app"), fresh: false)
        #expect(found == .basic(user: "team", password: "p"))
        let line = try #require(asked(scratch).first)
        #expect(line.hasPrefix("get --v=3 {"))
        let question = try JSONDecoder().decode([String: String].self, from: Data(line.dropFirst(10).utf8))
        #expect(
            question == [
                "kind": "CredentialProviderRequest", "apiVersion": Self.version, "image": "r.example/team/app",
            ])
    }

    @Test func isNotAskedForOthers() async throws {
        let scratch = try ScratchDirectory()
        let plugin = try provider(scratch, answer("{}"), match: ["*.dkr.ecr.*.amazonaws.com", "r.example:5000/team"])
        let source = CredentialProviders([plugin], directory: scratch.path)
        for target in [
            CredentialTarget(host: "r.example", repository: "team/app"),
            CredentialTarget(host: "r.example:5000", repository: "other/app"),
            CredentialTarget(host: "dkr.ecr.eu.amazonaws.com", repository: "a"),
        ] {
            #expect(try await source.credential(for: target, fresh: false) == nil)
        }
        #expect(asked(scratch) == [])
    }

    @Test(arguments: [("Image", 3), ("Registry", 2), ("Global", 1)])
    func remembersAsLongAndAsWideAsItIsTold(scope: String, times: Int) async throws {
        let scratch = try ScratchDirectory()
        let time = ManualTime()
        let plugin = try provider(
            scratch, answer(#"{"*.example":\#(login("u"))}"#, scope: scope, life: "10m"), life: "0s")
        // The plugin's time limit is no matter here.
        let clock = Timebase(now: time.timebase.now) { _ in try await Task.sleep(for: .seconds(3600)) }
        let source = CredentialProviders([plugin], directory: scratch.path, time: clock)
        for _ in 0..<2 {
            for target in [("a.example", "one"), ("a.example", "two"), ("b.example", "one")] {
                let found = try await source.credential(
                    for: CredentialTarget(host: target.0, repository: target.1), fresh: false)
                #expect(found == .basic(user: "u", password: "p"))
            }
        }
        #expect(asked(scratch).count == times)
        let first = CredentialTarget(host: "a.example", repository: "one")
        time.advance(by: .seconds(601))
        _ = try await source.credential(for: first, fresh: false)
        #expect(asked(scratch).count == times + 1)
        _ = try await source.credential(for: first, fresh: true)
        #expect(asked(scratch).count == times + 2)
    }

    @Test func getsItsEnvironmentAndCanStartWhatIsInTheSearchPath() async throws {
        let scratch = try ScratchDirectory()
        let script =
            #"name=$(basename "$PROFILE")"# + "\n" + answer(#"{"*.example":{"username":"'$name'","password":""}}"#)
        let plugin = try provider(scratch, script, environment: ["PROFILE": "some/profile"])
        let found = try await CredentialProviders([plugin], directory: scratch.path).credential(
            for: CredentialTarget(host: "r.example", repository: "a"), fresh: false)
        #expect(found == .basic(user: "profile", password: ""))
    }

    @Test(arguments: [
        "echo secret-in-output; exit 1", "echo secret-in-output >&2; exit 1", "echo hello", "yes secret-in-output",
        #"echo '{"kind":"Other","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Image"}'"#,
        #"echo '{"kind":"CredentialProviderResponse","apiVersion":"v9","cacheKeyType":"Image"}'"#,
        #"echo '{"kind":"CredentialProviderResponse","apiVersion":"credentialprovider.kubelet.k8s.io/v1","cacheKeyType":"Moon"}'"#,
    ])
    func badAnswersAreErrorsWithoutSecrets(script: String) async throws {
        let scratch = try ScratchDirectory()
        let source = CredentialProviders([try provider(scratch, script)], directory: scratch.path)
        let error = await failure {
            _ = try await source.credential(for: CredentialTarget(host: "r.example"), fresh: false)
        }
        #expect(code(error) == .invalidConfiguration)
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("plugin") && !text.contains("secret"))
    }

    @Test func oneThatHangsIsGivenUpAndTheNextIsAsked() async throws {
        let scratch = try ScratchDirectory()
        let slow = try provider(scratch, "exec sleep 600", name: "slow")
        let absent = try CredentialProvider(
            name: "absent", matchImages: ["*.example"], defaultCacheDuration: "1h", apiVersion: Self.version)
        // Which is patient with the good one and not with the slow one, whatever the machine is doing.
        let hasty = CredentialProviders([slow, absent], directory: scratch.path, timeLimit: .milliseconds(200))
        let error = await failure {
            _ = try await hasty.credential(for: CredentialTarget(host: "r.example"), fresh: false)
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("did not answer"))
        let good = try provider(scratch, answer(#"{"r.example":\#(login("u"))}"#), name: "good")
        let patient = CredentialProviders([absent, good], directory: scratch.path)
        let found = try await patient.credential(for: CredentialTarget(host: "r.example"), fresh: false)
        #expect(found == .basic(user: "u", password: "p"))
    }

    @Test(arguments: ["", ".", "..", "../sh", "a b", "a\\b"]) func namesLeadNowhereElse(name: String) {
        #expect(throws: RegistryError.self) {
            try CredentialProvider(
                name: name, matchImages: [], defaultCacheDuration: "1h", apiVersion: Self.version)
        }
    }

    static let patterns: [(pattern: String, host: String, repository: String, matches: Bool)] = [
        ("*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-west-1.amazonaws.com", "a", true),
        ("*.dkr.ecr.*.amazonaws.com", "x.1.dkr.ecr.eu-west-1.amazonaws.com", "a", false),
        ("*.dkr.ecr-fips.*.amazonaws.com", "1.dkr.ecr.eu.amazonaws.com", "a", false),
        ("gcr.io", "gcr.io", "a/b", true), ("*.gcr.io", "gcr.io", "a", false), ("*.gcr.io", "eu.gcr.io", "a", true),
        ("r.example:8080", "r.example:8080", "a", true), ("r.example:8080", "r.example", "a", false),
        ("r.example", "r.example:8080", "a", false), ("*.example:8080/path", "r.example:8080", "path/a", true),
        ("https://r.example/team", "r.example", "team/a", true), ("r.example/team", "r.example", "other", false),
        ("https://index.docker.io/v1/", "docker.io", "library/a", true), ("docker.io", "docker.io", "a", true),
        ("R.Example", "r.example", "a", true), ("r?.example", "r1.example", "a", true),
        ("*a*b*.example", "xaxxbx.example", "a", true), ("*a*b*.example", "xbxa.example", "a", false),
        ("[::1]:5000", "[::1]:5000", "a", true), ("[::1]", "[::1]:5000", "a", false),
    ]

    @Test(arguments: patterns)
    func matching(pattern: String, host: String, repository: String, matches: Bool) {
        let target = CredentialTarget(host: host, repository: repository)
        #expect(RegistryPattern(pattern).matches(target) == matches)
    }

    @Test(arguments: [
        ("0", 0.0), ("0s", 0), ("12h", 43200), ("1h30m", 5400), ("12h0m0s", 43200), ("1.5h", 5400), ("250ms", 0.25),
        ("2us", 2e-6),
    ])
    func durations(text: String, seconds: Double) throws {
        let duration = try #require(GoDuration.parse(text))
        #expect(abs((duration - .seconds(seconds)) / .nanoseconds(1)) < 2)
    }

    @Test(arguments: ["", "h", "12", "1d", "-1s", "1h 2m", ".h", "1.2.3s", "99999999999h", "∞s", "1e9h"])
    func noDurations(text: String) { #expect(GoDuration.parse(text) == nil) }
}
