package import Policy

/// How pulls are done on this node.
package struct PullOptions: Sendable {
    package var policy: PolicyOptions
    /// Whether SOCI indexes of version 1 are used, which images are not bound to.
    package var acceptsV1: Bool
    /// Handlers of the runtime whose pods take layers from this store; nil if all do.
    package var runtimeHandlers: Set<String>?

    package init(
        policy: PolicyOptions = PolicyOptions(), acceptsV1: Bool = true, runtimeHandlers: Set<String>? = nil
    ) {
        self.policy = policy
        self.acceptsV1 = acceptsV1
        self.runtimeHandlers = runtimeHandlers
    }
}
