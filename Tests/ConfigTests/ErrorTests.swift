import Config
import Testing

/// A file and what is said about it.
struct Wrong: Sendable, CustomTestStringConvertible {
    let yaml: String
    let code: ConfigError.Code
    let message: String

    init(_ yaml: String, _ code: ConfigError.Code, _ message: String) {
        self.yaml = yaml
        self.code = code
        self.message = message
    }

    var testDescription: String { message }
}

@Suite("Errors name file, line, key, what was found and what is allowed")
struct ErrorTests {
    private static let header = "apiVersion: imagelet.dev/v1alpha1\nkind: ImageletConfiguration\n"

    /// Each stands below the two lines of the header.
    static let wrong = [
        Wrong(
            "policy:\n  streamTreshold: 5Mi\n", .unknownKey,
            "c.yaml:4: policy.streamTreshold: unknown key; did you mean streamThreshold? "
                + "known here: streamThreshold, smallLayer, rules"),
        Wrong(
            "Log:\n  level: info\n", .unknownKey,
            "c.yaml:3: Log: unknown key; did you mean log? "
                + "known here: rootDirectory, runtime, runtimeHandlers, idMappedMounts, sockets, policy, registries, transfers, fill, layers, "
                + "cache, metrics, traces, log"),
        Wrong(
            "fill: {enabeld: true}\n", .unknownKey,
            "c.yaml:3: fill.enabeld: unknown key; did you mean enabled? known here: enabled, quietPeriod"),
        Wrong(
            "fill: {xyzzyplugh: true}\n", .unknownKey,
            "c.yaml:3: fill.xyzzyplugh: unknown key; known here: enabled, quietPeriod"),
        Wrong(
            "policy: {rules: [{match: a, strategy: stream}, {match: b, strategie: pull}]}", .unknownKey,
            "c.yaml:3: policy.rules[1].strategie: unknown key; did you mean strategy? known here: match, strategy"),
        Wrong(
            "policy: {rules: [{match: a}]}", .missingKey,
            "c.yaml:3: policy.rules[0]: strategy is missing; allowed: one of: stream, prefetch, pull"),
        Wrong(
            "policy: {rules: [null]}", .missingKey,
            "c.yaml:3: policy.rules[0]: match is missing; allowed: "
                + "a pattern of at most 512 bytes over full image names, * within a component, ** across"),
        Wrong(
            "policy: {rules: {match: a}}", .invalidValue,
            "c.yaml:3: policy.rules: found a map; allowed: a list of at most 1000"),
        Wrong(
            "policy: [1]", .invalidValue,
            "c.yaml:3: policy: found a list; allowed: a map with the keys streamThreshold, smallLayer, rules"),
        Wrong(
            "policy: {streamThreshold: lots}", .invalidValue,
            "c.yaml:3: policy.streamThreshold: found 'lots'; allowed: a size such as 250Mi or 20Gi, from 0 to 1Pi"),
        Wrong(
            "policy: {smallLayer: 2Ti}", .invalidValue,
            "c.yaml:3: policy.smallLayer: found '2Ti'; allowed: a size such as 250Mi or 20Gi, from 0 to 1Ti"),
        Wrong(
            "policy: {streamThreshold: {}}", .invalidValue,
            "c.yaml:3: policy.streamThreshold: found a map; allowed: a size such as 250Mi or 20Gi, from 0 to 1Pi"),
        Wrong(
            "transfers: {readTimeout: 0s}", .invalidValue,
            "c.yaml:3: transfers.readTimeout: found '0s'; allowed: "
                + "a duration such as 30s, 1m30s or 200ms, from 1s to 1h"),
        Wrong(
            "transfers:\n  maxConcurrent: 257\n", .invalidValue,
            "c.yaml:4: transfers.maxConcurrent: found '257'; allowed: a whole number from 1 to 256"),
        Wrong(
            "transfers: {maxConcurrent: '16'}", .invalidValue,
            "c.yaml:3: transfers.maxConcurrent: found '16'; allowed: a whole number from 1 to 256"),
        Wrong(
            "fill: {enabled: yes}", .invalidValue, "c.yaml:3: fill.enabled: found 'yes'; allowed: true or false"),
        Wrong(
            "log: {level: loud}", .invalidValue,
            "c.yaml:3: log.level: found 'loud'; allowed: "
                + "one of: trace, debug, info, notice, warning, error, critical"),
        Wrong("log: {level: }", .invalidValue, "c.yaml:3: log.level: found nothing; allowed: " + levels),
        Wrong(
            "runtime: docker", .invalidValue,
            "c.yaml:3: runtime: found 'docker'; allowed: one of: none, containerd, crio"),
        Wrong(
            "runtimeHandlers: [Kata]", .invalidValue,
            "c.yaml:3: runtimeHandlers[0]: found 'Kata'; allowed: "
                + "at most 63 lower-case letters, digits and inner dashes"),
        Wrong(
            "rootDirectory: var/lib", .invalidValue,
            "c.yaml:3: rootDirectory: found 'var/lib'; allowed: an absolute path of at most 4095 bytes"),
        Wrong(
            "registries: {plainHTTPHosts: ['http://a']}", .invalidValue,
            "c.yaml:3: registries.plainHTTPHosts[0]: found 'http://a'; allowed: "
                + "a host name or address with an optional port, without scheme and path"),
        Wrong(
            "sockets: {cri: /a, admin: /a}", .invalidValue,
            "c.yaml: sockets: two of cri, admin, snapshots and runtime are the same; allowed: four different paths"),
        Wrong("log: {}\nlog: {}\n", .syntax, "c.yaml:3: 'log' stands twice in one map"),
        Wrong("log: {level: &x info}\n", .syntax, "c.yaml:3: " + aliases),
        Wrong("log: &x {level: info}\nfill: *x\n", .syntax, "c.yaml:3: " + aliases),
        Wrong("? [a, b]\n: c\n", .syntax, "c.yaml:3: a key must be a word"),
        Wrong("kindd: 5", .unknownKey, "c.yaml:3: kindd: unknown key; known here: " + topKeys),
    ]

    private static let levels = "one of: trace, debug, info, notice, warning, error, critical"
    private static let topKeys =
        "rootDirectory, runtime, runtimeHandlers, idMappedMounts, sockets, policy, registries, transfers, fill, layers, cache, metrics, "
        + "traces, log"
    private static let aliases =
        "anchors and aliases (&name, *name) are not read: write the value out, quote text beginning with * or &"

    @Test("messages", arguments: wrong)
    func message(_ wrong: Wrong) {
        let error = #expect(throws: ConfigError.self) {
            try ImageletConfiguration.parse(Self.header + wrong.yaml, file: "c.yaml")
        }
        #expect(error?.description == wrong.message)
        #expect(error?.code == wrong.code)
    }

    @Test(
        "version and kind",
        arguments: [
            ("", "c.yaml: apiVersion is missing; write 'apiVersion: imagelet.dev/v1alpha1'"),
            ("log: {}", "c.yaml:1: apiVersion is missing; write 'apiVersion: imagelet.dev/v1alpha1'"),
            (
                "apiVersion: imagelet.dev/v1alpha1",
                "c.yaml:1: kind is missing; write 'kind: ImageletConfiguration'"
            ),
            ("apiVersion: v1\nkind: Pod", "c.yaml:1: apiVersion: found 'v1'; allowed: imagelet.dev/v1alpha1"),
            (
                "apiVersion: imagelet.dev/v1alpha1\nkind: [x]",
                "c.yaml:2: kind: found a list; allowed: ImageletConfiguration"
            ),
            ("just text", "c.yaml:1: found 'just text'; allowed: a map with apiVersion, kind and settings"),
        ])
    func version(_ yaml: String, _ message: String) {
        let error = #expect(throws: ConfigError.self) { try ImageletConfiguration.parse(yaml, file: "c.yaml") }
        #expect(error?.message == message)
    }

    @Test(
        "text that is no YAML, or two documents",
        arguments: [
            "a: [", "a: b: c", "\t- x", "--- 1\n--- 2\n", "\u{1}", "a: \"\\q\"", "%YAML 9.9\n---\na", "!<", "{]",
        ])
    func syntax(_ yaml: String) {
        let error = #expect(throws: ConfigError.self) {
            try ImageletConfiguration.parse(Self.header + yaml, file: "c.yaml")
        }
        #expect(error?.code == .syntax, "\(error?.message ?? "")")
    }
}
