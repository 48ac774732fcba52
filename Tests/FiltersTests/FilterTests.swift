import Filters
import Testing

@Suite("Filters")
struct FilterTests {
    /// An object as snapshots are: some fields, and labels.
    private static let fields = ["name": "k8s.io/1/a b", "parent": "", "kind": "active", "umlaut": "\u{E9}"]
    private static let labels = ["containerd.io/snapshot.ref": "sha256:aa", "a.b": "1", "quote\"\n": "2", "empty": ""]

    private func matches(_ filters: String...) throws -> Bool {
        try Filter(filters).matches { path in
            path.first == "labels"
                ? Self.labels[path.dropFirst().joined(separator: ".")]
                : path.count == 1 ? Self.fields[path[0]] : nil
        }
    }

    @Test(
        "hold",
        arguments: [
            "", "name", "parent", "labels.empty", #"labels."containerd.io/snapshot.ref""#,
            // What containerd sends to find what it may adopt (specs/containerd.md 3).
            #"labels."containerd.io/snapshot.ref"==sha256:aa,parent=="""#,
            #"name=="k8s.io/1/a b""#,
            #" name == "k8s.io/1/a b" , kind==active "#, #"name=="k8s.io\x2f1\u002fa\040b""#,
            "kind!=view", "labels.none!=x", #"labels.a.b==1"#, #"labels."a.b"==1"#, #"labels.a."b"==1"#,
            #"labels."quote\"\n"==2"#, "name~=^k8s", #"name~="^k8s\\.io/[0-9]+/a b$""#, #"name~=/^k8s.io\/1/"#,
            "name~=|[bc]$|", "labels.none~=^$", "kind==active,parent!=x,name~=b",
        ])
    func hold(_ filter: String) throws {
        #expect(try matches(filter))
    }

    @Test(
        "do not hold",
        arguments: [
            "none", "labels.none", "name.more", "kind==view", "kind!=active", #"parent!="""#, "labels.none==x",
            #"labels.none=="""#, "kind==active,name==x", "kind==active,labels", "name~=^x", "KIND==active",
            "kind==Active",
            // Letters and a letter with an accent of its own are other bytes.
            "umlaut==e\u{301}",
        ])
    func doNotHold(_ filter: String) throws {
        #expect(try !matches(filter))
    }

    @Test("several filters are alternatives")
    func alternatives() throws {
        #expect(try matches("kind==view", "kind==active"))
        #expect(try !matches("kind==view", "kind==committed"))
        #expect(try matches("kind==view", ""))
        #expect(try Filter([]).matches { _ in nil })
    }

    @Test(
        "what is none is refused",
        arguments: [
            ",", "name,", ",name", "==x", "name=", "name=x", "name===x", "name==", "name==,kind", "name<x", "name x",
            "name==x y", "name.", ".name", "name..x", "\"name", #"name=="x"#, #"name=="x"y"#, #"name=="\q""#,
            #"name=="\x4""#, #"name=="\400""#, #"name=="\ud800""#, #"name=="\x+4""#, #"name=="\xff""#, "name==\"a\nb\"",
            "ä==x", "name~=", "name~=(", "name~=/a/b",
        ])
    func refused(_ filter: String) {
        let error = #expect(throws: FilterError.self) { try Filter([filter]) }
        #expect(error?.code == .syntax)
        #expect(error?.message.isEmpty == false)
    }

    @Test("too much is refused")
    func tooMuch() {
        let long = "name==" + String(repeating: "x", count: Filter.maximumBytes)
        let many = Array(repeating: "name", count: Filter.maximumCount + 1)
        for filters in [[long], many] {
            let error = #expect(throws: FilterError.self) { try Filter(filters) }
            #expect(error?.code == .tooLarge)
        }
    }
}
