import OCI
import Policy
import Testing

@Suite("Reference patterns")
struct ReferencePatternTests {
    @Test(
        "patterns and names",
        arguments: [
            ("docker.io/library/python:3.12", "python:3.12", true),
            ("docker.io/library/python:3.12", "python:3.13", false),
            ("docker.io/library/python", "python:3.12", true),
            ("docker.io/library/python", "python", true),
            ("docker.io/library/python:latest", "python", true),
            ("docker.io/library/python:3.*", "python:3.12-slim", true),
            ("docker.io/library/python:3.*", "python:2.7", false),
            ("python", "python", false),
            ("docker.io/*/python", "library/python:3", true),
            ("docker.io/*", "python", false),
            ("docker.io/**", "python", true),
            ("docker.io/**", "ghcr.io/a/b", false),
            ("**", "ghcr.io/a/b:c", true),
            ("*", "ghcr.io/a/b:c", false),
            ("**/cuda*", "nvcr.io/nvidia/cuda:12.0", true),
            ("**/cuda*", "nvcr.io/nvidia/cuda-runtime:12.0", true),
            ("**/cuda*/x", "nvcr.io/nvidia/cuda:12.0", false),
            ("registry.example:5000/**", "registry.example:5000/a/b/c:1", true),
            ("registry.example:5000/**", "registry.example/a/b/c:1", false),
            ("registry.example/team/**/app", "registry.example/team/x/y/app:1", true),
            ("registry.example/team/**/app", "registry.example/team/app:1", false),
            ("registry.example/team/****", "registry.example/team/app:1", true),
            ("", "python", false),
            ("docker.io/library/pyth?n", "python", false),
            ("docker.io/library/[p]ython", "python", false),
            ("docker.io/library/python@sha256:*", "python@sha256:\(digest(1).hex)", true),
            ("docker.io/library/python", "python@sha256:\(digest(1).hex)", true),
        ])
    func match(_ pattern: String, _ name: String, _ expected: Bool) throws {
        #expect(ReferencePattern(pattern).matches(try Reference(name)) == expected)
    }

    @Test("a pattern of nothing but stars and one letter ends soon")
    func manyStars() throws {
        let pattern = ReferencePattern(String(repeating: "*a", count: 250) + "!")
        let name = "registry.example/" + String(repeating: "a", count: 200)
        #expect(!pattern.matches(try Reference(name)))
    }

    @Test("the first rule that matches counts")
    func order() throws {
        let rules: Rules = [
            .init(ReferencePattern("docker.io/library/*:1"), .pull), .init(ReferencePattern("docker.io/**"), .stream),
        ]
        #expect(rules.first(matching: try Reference("a:1"))?.strategy == .pull)
        #expect(rules.first(matching: try Reference("a:2"))?.strategy == .stream)
        #expect(rules.first(matching: try Reference("ghcr.io/a:1")) == nil)
    }
}
