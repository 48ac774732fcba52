internal import GRPC
internal import Linux

/// Why a command failed: `what: why; try this`, without the program's name, and the exit status that goes with it.
struct CommandError: Error, Equatable, CustomStringConvertible {
    var status: ExitStatus
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// - Parameter action: what was being done, such as "pull example.org/a:1".
    init(_ action: String, _ failure: RPCFailure) {
        self.init(ExitStatus(failure), "\(action): \(failure.description)")
    }

    init(_ action: String, _ error: LinuxError) {
        let status: ExitStatus =
            switch error.errno {
            case .noEntry: .notFound
            case .notPermitted, .accessDenied, .busy: .refused
            default: .failure
            }
        let advice = status == .refused && error.errno != .busy ? "; try it as root" : ""
        self.init(status, "\(action): \(error)\(advice)")
    }

    var description: String { message }
}

extension ExitStatus {
    init(_ failure: RPCFailure) {
        switch failure.code {
        case .notFound: self = .notFound
        case .unauthenticated, .permissionDenied, .failedPrecondition: self = .refused
        // Rate limits and full disks pass, too.
        case .unavailable, .deadlineExceeded, .resourceExhausted: self = .unavailable
        // How an unreachable registry is told to kubelets (specs/cri-image-service.md 7).
        case .unknown where failure.message.hasPrefix("RegistryUnavailable"): self = .unavailable
        case .invalidArgument: self = .usage
        default: self = .failure
        }
    }
}
