import GRPC
import Testing

@Suite("The end of a call")
struct CancellationTests {
    /// A pull that says when it began and, if it is cancelled, that it ended so.
    private static func endlessPull(began: Signal, cancelled: Signal) -> ScriptedImageService {
        ScriptedImageService(pull: { _ in
            began.send()
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                cancelled.send()
                throw error
            }
            return CRIPullImageResponse()
        })
    }

    @Test("a client that goes away cancels the task of the service", .timeLimit(.minutes(1)))
    func clientCancels() async throws {
        let (began, cancelled) = (Signal(), Signal())
        let service = Self.endlessPull(began: began, cancelled: cancelled)
        try await withServer([.images(service)]) { endpoint, _ in
            try await RPCClient.withConnection(to: endpoint) { client in
                let call = Task { try await client.pullImage(CRIPullImageRequest()) }
                await began.wait()
                call.cancel()
                let failure = await #expect(throws: RPCFailure.self) { try await call.value }
                #expect(failure?.code == .cancelled)
                await cancelled.wait()
            }
        }
    }

    @Test("a deadline ends the call on both sides", .timeLimit(.minutes(2)))
    func deadline() async throws {
        let (began, cancelled) = (Signal(), Signal())
        let service = Self.endlessPull(began: began, cancelled: cancelled)
        try await withServer([.images(service)]) { endpoint, _ in
            try await RPCClient.withConnection(to: endpoint) { client in
                let failure = await #expect(throws: RPCFailure.self) {
                    // Long enough for the service to have begun on a busy machine: else nothing is there to be cancelled.
                    try await client.pullImage(CRIPullImageRequest(), timeout: .seconds(5))
                }
                #expect(failure?.code == .deadlineExceeded)
                await cancelled.wait()
            }
        }
    }

    @Test("cancelling the server cancels its calls", .timeLimit(.minutes(1)))
    func serverCancelled() async throws {
        let (began, cancelled) = (Signal(), Signal())
        let service = Self.endlessPull(began: began, cancelled: cancelled)
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await withServer([.images(service)], cancels: true) { endpoint, _ in
                group.addTask {
                    try await RPCClient.withConnection(to: endpoint) { client in
                        _ = await #expect(throws: RPCFailure.self) {
                            try await client.pullImage(CRIPullImageRequest())
                        }
                    }
                }
                await began.wait()
            }
            await cancelled.wait()
            try await group.waitForAll()
        }
    }

    @Test("a graceful shutdown lets a call in progress end", .timeLimit(.minutes(1)))
    func gracefulShutdown() async throws {
        let (began, mayEnd) = (Signal(), Signal())
        let service = ScriptedImageService(pull: { _ in
            began.send()
            await mayEnd.wait()
            var answer = CRIPullImageResponse()
            answer.imageRef = "sha256:1"
            return answer
        })
        try await withServer([.images(service)]) { endpoint, server in
            let answer = try await RPCClient.withConnection(to: endpoint) { client in
                async let answer = client.pullImage(CRIPullImageRequest())
                await began.wait()
                server.beginGracefulShutdown()
                mayEnd.send()
                return try await answer
            }
            #expect(answer.imageRef == "sha256:1")
        }
    }
}
