package import Logging

/// One log line a call, when it has ended, with its outcome: what every service of ours writes.
package struct CallLog: Sendable {
    package let logger: Logger
    private let failure: @Sendable (any Error) -> RPCFailure

    /// - Parameter failure: the status for whatever a use case threw.
    package init(logger: Logger, failure: @escaping @Sendable (any Error) -> RPCFailure) {
        self.logger = logger
        self.failure = failure
    }

    /// - Parameters:
    ///   - level: of a call that went well. Some methods are polled every few seconds. One that was given up is told no louder.
    ///   - subject: what the call is about, as the client wrote it.
    ///   - remarks: what else there is to say of an answer.
    /// - Throws: what `body` throws, as the status to answer.
    package func recording<Answer: Sendable>(
        _ method: String, at level: Logger.Level, subject: Logger.Metadata = [:],
        remarks: (Answer) -> Logger.Metadata = { _ in [:] }, _ body: () async throws -> Answer
    ) async throws(RPCFailure) -> Answer {
        let start = ContinuousClock.now
        let outcome: Result<Answer, RPCFailure>
        do {
            outcome = .success(try await body())
        } catch {
            // Whatever a use case throws while it is being stopped, stopping it is what happened.
            outcome = .failure(failure(Task.isCancelled ? CancellationError() : error))
        }
        var metadata = subject
        metadata["rpc.method"] = "\(method)"
        metadata["rpc.duration"] = "\(ContinuousClock.now - start)"
        switch outcome {
        case .success(let answer):
            metadata["rpc.code"] = "ok"
            metadata.merge(remarks(answer)) { $1 }
            logger.log(level: level, "answered", metadata: metadata)
        case .failure(let failure):
            metadata["rpc.code"] = "\(failure.code)"
            metadata["error"] = "\(failure.message)"
            logger.log(level: failure.code == .cancelled ? min(level, .info) : .warning, "refused", metadata: metadata)
        }
        return try outcome.get()
    }
}
