internal import GRPCCore

/// A call that ended without its answer: the gRPC status, either to be sent or as it was received.
///
/// Services throw it, clients catch it. The message travels: it says what failed and what to try, and holds no secret.
package struct RPCFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The status codes of gRPC, numbered as on the wire; OK is no failure.
    package enum Code: Int, Sendable, CaseIterable {
        case cancelled = 1
        case unknown = 2
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case aborted = 10
        case outOfRange = 11
        case unimplemented = 12
        case internalError = 13
        case unavailable = 14
        case dataLoss = 15
        case unauthenticated = 16
    }

    package var code: Code
    package var message: String
    /// What was received with the status, such as its details, and is sent with it.
    var trailers: Metadata = [:]

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message.isEmpty ? "\(code)" : message }
}
