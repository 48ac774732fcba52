import TestSupport

/// What cri_client.py pulls: images such as critest has, of layers that nobody else has.
struct ImageServiceImages {
    private struct Entry {
        var name: String
        var tags = ["v1"]
        var user = ""
        var layers: [TestImage.Layer]
    }

    /// Before the names of their repositories.
    private let prefix: String
    private let different: [Entry]
    private let untagged: Entry
    private let same: Entry
    private var entries: [Entry] { different + [untagged, same] }

    /// Pushes them.
    init(to registry: TestRegistry, prefix: String = "critest") throws {
        self.prefix = prefix
        let layers: [TestImage.Layer] = try ["one", "two"].map { name in
            var layer = TestImage.bulk(1 << 18, name: name)
            layer.file("owner", prefix)
            return try .gzip(layer)
        }
        let (one, two) = (layers[0], layers[1])
        different = [
            Entry(name: "first", user: "1002", layers: [one]), Entry(name: "second", user: "web", layers: [two]),
            Entry(name: "third", user: "1003:users", layers: [one, two]),
        ]
        untagged = Entry(name: "untagged", tags: ["latest"], user: "web:users", layers: [one, two])
        same = Entry(name: "same", tags: ["a", "b", "c"], layers: [two, one])
        for entry in entries {
            let image = TestImage(layers: entry.layers, user: entry.user)
            for tag in entry.tags { try image.push(to: registry, "\(prefix)/\(entry.name)", tag: tag) }
        }
    }

    /// Gives all of them tables of contents.
    func index(by node: ContainerNode) throws {
        // Those of one manifest have the same.
        for entry in entries { try node.index("\(prefix)/\(entry.name)", tag: entry.tags[0]) }
    }

    /// The requests for their layers so far.
    func requests(at node: ContainerNode) throws -> [RegistryRequest] {
        try entries.flatMap { entry in
            try entry.layers.flatMap { try node.requests(for: $0, of: "\(prefix)/\(entry.name)") }
        }
    }

    /// The words that tell cri_client.py of them.
    /// - Parameters:
    ///   - host: where they are to be pulled from.
    ///   - secondHost: another name of the same registry.
    func arguments(host: String, secondHost: String) -> [String] {
        func references(_ entry: Entry, at host: String = host) -> [String] {
            entry.tags.map { "\(host)/\(prefix)/\(entry.name):\($0)" }
        }
        return different.flatMap { references($0) }
            + ["--latest", "\(host)/\(prefix)/untagged", "--missing", "\(host)/\(prefix)/first:nowhere"]
            + ["--same-image"] + references(same) + references(same, at: secondHost).prefix(1)
            + (different + [untagged]).flatMap { ["--user", references($0)[0] + "=" + $0.user] }
    }
}
