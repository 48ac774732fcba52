extension ImageletConfiguration {
    /// One key as the reference shows it.
    package struct ReferenceEntry: Sendable, Equatable {
        /// From the top.
        package let path: String
        /// Whether somebody wrote down what it is for.
        package let isExplained: Bool
        /// Comment and key with its default, indented, with a line end.
        package let text: String
    }

    /// A whole configuration file in which every key has its default, and a comment with what it is for and what is allowed.
    package static var reference: String {
        var text = heading
        for (number, entry) in referenceEntries.enumerated() {
            // The first key of a section follows right below its name.
            let isFirstInside = number > 0 && entry.path.hasPrefix(referenceEntries[number - 1].path + ".")
            text += (isFirstInside ? "" : "\n") + entry.text
        }
        return text
    }

    /// All keys but those inside of lists, which stand in the comment of their list.
    package static let referenceEntries: [ReferenceEntry] = {
        let rendering = ImageletConfiguration().rendering
        return documentation.compactMap { key in
            let names = key.path.split(separator: ".").map(String.init)
            guard let value = rendering.value(at: names[...]), let name = names.last else { return nil }
            let explanation = explanations[key.path]
            var comment =
                explanation.map { $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) } ?? []
            if !key.allowed.isEmpty { comment += allowed(key) + ["Reload: \(key.isLive ? "yes" : "no")"] }
            let indentation = String(repeating: "  ", count: names.count - 1)
            let lines = comment.map { $0.isEmpty ? "#" : "# \($0)" } + value.lines(name: name)
            return ReferenceEntry(
                path: key.path, isExplained: explanation != nil, text: lines.map { "\(indentation)\($0)\n" }.joined())
        }
    }()

    private static func allowed(_ key: KeyDocumentation) -> [String] {
        let inner = documentation.filter { $0.path.hasPrefix(key.path + ".") }
        guard !inner.isEmpty else { return ["Allowed: \(key.allowed)"] }
        let names = inner.map { $0.path.dropFirst(key.path.count + 1) }
        let width = names.map(\.count).max() ?? 0
        return ["Allowed: \(key.allowed); each with all of"]
            + zip(names, inner).map { name, key in
                "  \(name)\(String(repeating: " ", count: width - name.count))  \(key.allowed)"
            }
    }

    private static let heading = """
        # Configuration of imagelet, written by `imagelet config reference`. Copy it to /etc/imagelet/config.yaml and keep what you
        # change: every value below is the default. `imagelet config show` prints what is in force, `imagelet config check` says what
        # is wrong.
        #
        # Files in /etc/imagelet/config.d/ whose names end in .yaml are laid over this one, in the order of their names: maps merge
        # key by key, lists and values replace what was there. An unknown key is an error. Anchors and aliases are not read.
        #
        # A running daemon follows keys with "Reload: yes" when it reads its files again: on SIGHUP, `systemctl reload imagelet`
        # or `imagelet config reload`, which names the changed keys that take a restart.
        #
        # Sizes are whole numbers with Ki, Mi, Gi, Ti, Pi (factors of 1024), k, M, G, T (factors of 1000) or without a unit (bytes).
        # Durations are whole numbers with h, m, s, ms, larger units first.
        apiVersion: \(apiVersion)
        kind: \(kind)

        """
}

extension Rendering {
    /// What stands at a path of keys.
    func value(at path: ArraySlice<String>) -> Rendering? {
        guard let name = path.first else { return self }
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.0 == name }?.1.value(at: path.dropFirst())
    }

    /// As a line of YAML, and more for a list; a map's keys are not among them.
    func lines(name: String) -> [String] {
        switch self {
        case .scalar(let text, _): ["\(name): \(text)"]
        case .list(let elements) where elements.isEmpty: ["\(name): []"]
        case .list(let elements): ["\(name):"] + elements.flatMap { $0.lines(name: "").map { "  -" + $0.dropFirst() } }
        case .map: ["\(name):"]
        }
    }
}
