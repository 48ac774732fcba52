package import Distribution
package import History
package import Policy

/// One PullImage: a name, the credentials that came with it, and what the pod says.
package struct PullRequest: Sendable {
    /// As the user wrote it.
    package var image: String
    /// Nil: anonymous, or whatever the node's own sources give.
    package var credentials: RequestCredentials?
    /// The image's annotations over the sandbox's.
    package var annotations: [String: String]
    /// The runtime's handler that the pod will run with; empty for the runtime's default.
    package var runtimeHandler: String
    /// Whether the pod has a user namespace of its own.
    package var hasUserNamespace: Bool
    /// Whom it is for; nil if nobody says.
    package var pod: Pod?

    package init(
        image: String, credentials: RequestCredentials? = nil, annotations: [String: String] = [:],
        runtimeHandler: String = "", hasUserNamespace: Bool = false, pod: Pod? = nil
    ) {
        self.image = image
        self.credentials = credentials
        self.annotations = annotations
        self.runtimeHandler = runtimeHandler
        self.hasUserNamespace = hasUserNamespace
        self.pod = pod
    }

    /// The strategy the pod asks for, as it wrote it.
    var strategyAnnotation: String? { annotations[Facts.strategyAnnotation] }
}

package struct PullResult: Sendable {
    /// The image's id, as ListImages will show it.
    package var imageID: String
    package var decision: Decision
}
