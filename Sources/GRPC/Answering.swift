internal import GRPCCore

/// Runs the body of a served call in a task that ends with the call.
///
/// grpc-swift tells a handler that its client went away, or that its deadline passed, by a handle on the side and leaves
/// the handler's task alone. Everything below us understands task cancellation, so the one is turned into the other here.
///
/// - Throws: `RPCError` only, ready to be sent.
func answering<Answer: Sendable>(
    _ context: ServerContext, _ body: @escaping @Sendable () async throws -> Answer
) async throws -> Answer {
    do {
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await context.cancellation.cancelled
                throw CancellationError()
            }
            // Leaving by an error cancels the group and waits for both.
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    } catch {
        throw RPCError(answering: error)
    }
}
