package import OCI

/// What the node's owner wants of decisions; the configuration is turned into it.
package struct PolicyOptions: Sendable, Equatable {
    /// Images of at most this many compressed bytes are pulled plainly: fetching them whole takes no longer than
    /// asking about them.
    package var streamThreshold: Int64 = 250 << 20
    /// Layers of fewer compressed bytes need no table of contents: they are fetched whole while others stream.
    package var smallLayer: Int64 = 10 << 20
    package var rules = Rules()

    package init() {}
}

/// Strategies for images by name, in order; the first that matches counts.
package struct Rules: Sendable, Equatable, ExpressibleByArrayLiteral {
    package struct Rule: Sendable, Equatable {
        package var pattern: ReferencePattern
        package var strategy: Strategy

        package init(_ pattern: ReferencePattern, _ strategy: Strategy) {
            self.pattern = pattern
            self.strategy = strategy
        }
    }

    package var rules: [Rule]

    package init(_ rules: [Rule] = []) { self.rules = rules }

    package init(arrayLiteral rules: Rule...) { self.rules = rules }

    package func first(matching reference: Reference) -> Rule? {
        rules.first { $0.pattern.matches(reference) }
    }
}
