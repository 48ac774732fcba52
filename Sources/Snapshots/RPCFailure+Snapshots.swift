internal import Filters
internal import GRPC
internal import Linux
internal import State

extension RPCFailure {
    /// The status for whatever was thrown below: the one mapping of this boundary. NOT_FOUND, ALREADY_EXISTS and FAILED_PRECONDITION
    /// change what containerd does; the others it passes on (specs/containerd.md 1).
    init(ofSnapshots error: any Error) {
        switch error {
        case let failure as RPCFailure: self = failure
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        case let error as FilterError: self.init(.invalidArgument, error.message)
        case let error as StateError: self.init(Self.code(error.code), error.message)
        case let error as LinuxError:
            let isFull = error.errno == .noSpace || error.errno == .quotaExceeded
            self.init(isFull ? .resourceExhausted : .internalError, "\(error)")
        default: self.init(.internalError, "\(error)")
        }
    }

    private static func code(_ code: StateError.Code) -> RPCFailure.Code {
        switch code {
        case .snapshot(let refusal):
            switch refusal {
            case .notFound, .parentNotFound: .notFound
            case .nameTaken: .alreadyExists
            case .parentNotCommitted: .invalidArgument
            case .notActive, .hasChildren: .failedPrecondition
            }
        case .diskFull: .resourceExhausted
        case .unavailable: .unavailable
        case .corrupt: .dataLoss
        case .conflict, .newer: .internalError
        }
    }
}
