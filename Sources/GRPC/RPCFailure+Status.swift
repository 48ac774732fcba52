internal import GRPCCore

// The one place where our failures and those of the gRPC package turn into each other.

extension RPCFailure {
    /// - Parameter error: whatever a call of the gRPC package threw.
    init(_ error: any Error) {
        switch error {
        case let failure as RPCFailure:
            self = failure
        case let error as RPCError:
            self.init(Code(rawValue: error.code.rawValue) ?? .unknown, error.message)
            trailers = error.metadata.passedOn
        case is CancellationError:
            self.init(.cancelled, "the call was cancelled")
        default:
            self.init(.internalError, "\(error)")
        }
    }
}

extension RPCError {
    /// - Parameter error: whatever a service threw; anything but a failure with its code is a bug of the service and
    ///   travels as INTERNAL.
    init(answering error: any Error) {
        let failure = RPCFailure(error)
        let status = Status.Code(rawValue: failure.code.rawValue) ?? .unknown
        self.init(code: Code(status) ?? .unknown, message: failure.message, metadata: failure.trailers)
    }
}
