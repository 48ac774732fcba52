internal import GRPC
internal import Logging

extension CallLog {
    /// The log of a service whose failures are those of the use cases of images.
    init(logger: Logger) {
        self.init(logger: logger) { RPCFailure(answering: $0) }
    }

    /// - Parameter image: as the client wrote it; nil for all.
    func recording<Answer: Sendable>(
        _ method: String, at level: Logger.Level, image: String?, _ body: () async throws -> Answer
    ) async throws(RPCFailure) -> Answer {
        try await recording(method, at: level, subject: image.map { ["image": "\($0)"] } ?? [:], body)
    }
}
