/// A TOML value.
package indirect enum TOMLNode: Sendable, Equatable {
    case string(String)
    case bool(Bool)
    case array([TOMLNode])
    case table(TOMLTable)
    /// A number, a date or a time, as written.
    case other(String)
}

/// A table that remembers the order in which its keys first appeared: for mirrors it is the order of trying.
package struct TOMLTable: Sendable, Equatable {
    package private(set) var names: [String] = []
    private var nodes: [String: TOMLNode] = [:]
    /// Began with a header of its own; a second one is an error.
    var hasHeader = false
    /// Written in braces: nothing may be added later.
    var isInline = false

    /// The document as its root table.
    /// - Throws: if it is not TOML, naming line and column.
    package init(parsing text: String) throws(TOMLError) {
        var parser = TOMLParser(text)
        self = try parser.document()
    }

    init() {}

    /// The value of a key; nil if there is none.
    package subscript(name: String) -> TOMLNode? { nodes[name] }

    /// - Returns: false if there is such a key already.
    mutating func add(_ name: String, _ node: TOMLNode) -> Bool {
        guard nodes[name] == nil else { return false }
        names.append(name)
        nodes[name] = node
        return true
    }

    /// Changes the table at `path`, making tables on the way; in an array of tables it is the last one that is meant.
    /// - Returns: false if something on the way is no table one may add to, or `change` says so.
    mutating func update(_ path: ArraySlice<String>, _ change: (inout TOMLTable) -> Bool) -> Bool {
        guard let name = path.first else { return change(&self) }
        if nodes[name] == nil {
            names.append(name)
            nodes[name] = .table(TOMLTable())
        }
        // Taken out while it is changed, so that nothing is copied.
        var taken = nodes.removeValue(forKey: name)
        switch taken {
        case .table(var child)? where !child.isInline:
            taken = nil
            let isDone = child.update(path.dropFirst(), change)
            nodes[name] = .table(child)
            return isDone
        case .array(var items)?:
            taken = nil
            guard case .table(var child)? = items.popLast(), !child.isInline else { return false }
            let isDone = child.update(path.dropFirst(), change)
            items.append(.table(child))
            nodes[name] = .array(items)
            return isDone
        default: return false
        }
    }

    /// Begins the next table of the array of tables `name`.
    mutating func appendTable(_ name: String) -> Bool {
        switch nodes.removeValue(forKey: name) {
        case nil:
            names.append(name)
            nodes[name] = .array([.table(TOMLTable())])
            return true
        case .array(var items)?:
            guard case .table(let last)? = items.last, !last.isInline else { return false }
            items.append(.table(TOMLTable()))
            nodes[name] = .array(items)
            return true
        default: return false
        }
    }
}
