package import GRPC
internal import Images

extension RPCFailure {
    /// The status for whatever a use case threw: the one mapping of this boundary.
    ///
    /// Kubelet looks at the message only if the code is UNKNOWN, and then at its first word: an unreachable registry is
    /// told that way so that the pod waits with reason RegistryUnavailable (specs/cri-image-service.md 7).
    package init(answering error: any Error) {
        switch error {
        case let failure as RPCFailure: self = failure
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        default: self.init(ImageError(describing: error))
        }
    }

    private init(_ error: ImageError) {
        switch error.code {
        case .invalidReference: self.init(.invalidArgument, error.message)
        case .notFound: self.init(.notFound, error.message)
        case .unauthenticated: self.init(.unauthenticated, error.message)
        case .denied: self.init(.permissionDenied, error.message)
        case .rateLimited, .diskFull: self.init(.resourceExhausted, error.message)
        case .unavailable: self.init(.unknown, "\(Self.registryUnavailable): \(error.message)")
        case .unsupported, .inUse: self.init(.failedPrecondition, error.message)
        case .corrupt: self.init(.dataLoss, error.message)
        case .failed: self.init(.internalError, error.message)
        }
    }

    /// Kubelet's `ErrRegistryUnavailable`.
    private static let registryUnavailable = "RegistryUnavailable"
}
