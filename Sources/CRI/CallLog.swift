internal import GRPC
internal import Logging

/// One log line a call, when it has ended, with its outcome.
struct CallLog: Sendable {
    let logger: Logger

    /// - Parameters:
    ///   - level: of a call that went well. The kubelet polls some methods every few seconds.
    ///   - image: as the client wrote it.
    /// - Throws: what `body` throws, as the status to answer.
    func recording<Answer: Sendable>(
        _ method: String, at level: Logger.Level, image: String? = nil, _ body: () async throws -> Answer
    ) async throws(RPCFailure) -> Answer {
        let start = ContinuousClock.now
        let outcome: Result<Answer, RPCFailure>
        do {
            outcome = .success(try await body())
        } catch {
            // Whatever a use case throws while it is being stopped, stopping it is what happened.
            outcome = .failure(RPCFailure(answering: Task.isCancelled ? CancellationError() : error))
        }
        var metadata: Logger.Metadata = ["rpc.method": "\(method)", "rpc.duration": "\(ContinuousClock.now - start)"]
        if let image { metadata["image"] = "\(image)" }
        switch outcome {
        case .success:
            metadata["rpc.code"] = "ok"
            logger.log(level: level, "answered", metadata: metadata)
        case .failure(let failure):
            metadata["rpc.code"] = "\(failure.code)"
            metadata["error"] = "\(failure.message)"
            logger.log(level: failure.code == .cancelled ? .info : .warning, "refused", metadata: metadata)
        }
        return try outcome.get()
    }
}
