/// Which objects a client wants to see, in containerd's words: `labels."a/b"==c,parent!="",name~=^k8s`.
///
/// Selectors with commas between them must all hold; of several filters one must. No filter, and an empty one, hold for everything.
package struct Filter: Sendable, Equatable {
    /// The longest filter, in bytes, and how many of them there may be.
    package static let maximumBytes = 64 << 10
    package static let maximumCount = 64

    private let alternatives: [[Selector]]

    /// - Throws: `FilterError` for anything that is not a filter; any other text gives one.
    package init(_ filters: [String]) throws(FilterError) {
        guard filters.count <= Self.maximumCount else {
            throw FilterError(.tooLarge, "\(filters.count) filters at once; at most \(Self.maximumCount) are looked at")
        }
        var alternatives: [[Selector]] = []
        for filter in filters {
            guard filter.utf8.count <= Self.maximumBytes else {
                throw FilterError(
                    .tooLarge, "a filter of \(filter.utf8.count) bytes; at most \(Self.maximumBytes) are looked at")
            }
            var parser = FilterParser(Array(filter.utf8))
            alternatives.append(try parser.selectors())
        }
        self.alternatives = alternatives
    }

    /// - Parameter field: the value at a path of field names; nil if the object has none there.
    package func matches(_ field: ([String]) -> String?) -> Bool {
        alternatives.isEmpty || alternatives.contains { $0.allSatisfy { $0.matches(field) } }
    }
}
