extension ImageletConfiguration {
    /// The keys, as documentation names them, whose values differ; a list counts as one value.
    package func keysChanged(from earlier: ImageletConfiguration) -> [String] {
        let (old, new) = (earlier.rendering.values, rendering.values)
        return Self.documentation.map(\.path).filter { old[$0] != new[$0] }
    }
}

extension Rendering {
    /// Everything that is no map, by its keys from the top.
    fileprivate var values: [String: String] {
        guard case .map(let entries) = self else { return [:] }
        var values: [String: String] = [:]
        for (name, entry) in entries {
            if case .map = entry {
                for (path, value) in entry.values { values["\(name).\(path)"] = value }
            } else {
                values[name] = "\(entry)"
            }
        }
        return values
    }
}
