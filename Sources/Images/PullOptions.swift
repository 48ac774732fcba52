package import Policy

/// How pulls are done on this node.
package struct PullOptions: Sendable {
    package var policy: PolicyOptions
    /// Whether SOCI indexes of version 1 are used, which images are not bound to.
    package var acceptsV1: Bool
    /// Whether layers that stream are completed in the background.
    package var fills: Bool

    package init(policy: PolicyOptions = PolicyOptions(), acceptsV1: Bool = true, fills: Bool = true) {
        self.policy = policy
        self.acceptsV1 = acceptsV1
        self.fills = fills
    }
}
