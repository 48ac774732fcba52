internal import TOML

/// Values to be set in a TOML file: tables in order, each with its keys in order.
struct TOMLSettings: Equatable {
    enum Value: Equatable {
        case text(String)
        case truth(Bool)
        case texts([String])

        var literal: String {
            switch self {
            case .text(let text): Self.quoted(text)
            case .truth(let truth): truth ? "true" : "false"
            case .texts(let texts): "[" + texts.map(Self.quoted).joined(separator: ", ") + "]"
            }
        }

        var node: TOMLNode {
            switch self {
            case .text(let text): .string(text)
            case .truth(let truth): .bool(truth)
            case .texts(let texts): .array(texts.map { .string($0) })
            }
        }

        static func quoted(_ text: String) -> String {
            "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
        }
    }

    struct Table: Equatable {
        var path: [String]
        var keys: [(name: String, value: Value)]

        /// `[plugins."io.containerd.grpc.v1.cri".containerd]`
        var header: String {
            let words = path.map { word in
                let isBare = word.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                    default: false
                    }
                }
                return isBare && !word.isEmpty ? word : Value.quoted(word)
            }
            return "[\(words.joined(separator: "."))]"
        }

        var lines: [String] { keys.map { "  \($0.name) = \($0.value.literal)" } }

        static func == (left: Table, right: Table) -> Bool {
            left.path == right.path && left.lines == right.lines
        }
    }

    var tables: [Table]

    /// As a file of its own.
    /// - Parameter version: of containerd's configuration; nil for what has no versions.
    func document(version: Int? = nil, heading: [String]) -> String {
        let blocks = tables.map { ([$0.header] + $0.lines).joined(separator: "\n") }
        let first = heading.map { "# \($0)\n" } + (version.map { ["version = \($0)\n\n"] } ?? [])
        return first.joined() + blocks.joined(separator: "\n\n") + "\n"
    }
}

extension TOMLTable {
    /// What stands at a path of keys.
    subscript(path: [String]) -> TOMLNode? {
        guard let name = path.first else { return .table(self) }
        guard path.count > 1 else { return self[name] }
        guard case .table(let table)? = self[name] else { return nil }
        return table[Array(path.dropFirst())]
    }

    /// Every value that is no table, by its path.
    var leaves: [[String]: TOMLNode] {
        var result: [[String]: TOMLNode] = [:]
        for name in names {
            guard let node = self[name] else { continue }
            if case .table(let table) = node {
                for (path, leaf) in table.leaves { result[[name] + path] = leaf }
            } else {
                result[[name]] = node
            }
        }
        return result
    }

    /// The strings of an array; nil if it isn't one.
    func strings(_ name: String) -> [String]? {
        guard case .array(let items)? = self[name] else { return nil }
        let strings = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
        return strings.count == items.count ? strings : nil
    }
}
