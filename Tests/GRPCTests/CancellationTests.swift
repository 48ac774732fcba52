import GRPC
import Glibc
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

    @Test("a graceful shutdown lets a call in progress end", .timeLimit(.minutes(5)))
    func gracefulShutdown() async throws {
        let (began, mayEnd) = (Signal(), Signal())
        let service = ScriptedImageService(pull: { _ in
            began.send()
            await mayEnd.wait()
            try Task.checkCancellation()
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

    @Test("what takes longer than the grace time is cancelled", .timeLimit(.minutes(5)))
    func graceTimeIsOver() async throws {
        let (began, cancelled) = (Signal(), Signal())
        let service = Self.endlessPull(began: began, cancelled: cancelled)
        try await withServer([.images(service)], graceTime: .milliseconds(100)) { endpoint, server in
            try await RPCClient.withConnection(to: endpoint) { client in
                let call = Task { try await client.pullImage(CRIPullImageRequest()) }
                await began.wait()
                server.beginGracefulShutdown()
                await cancelled.wait()
                await #expect(throws: RPCFailure.self) { try await call.value }
            }
        }
    }

    /// The transport itself cancels all calls when the shutdown begins, and when an accept fails, as the listener's closing may make it.
    @Test("calls in progress end well while others connect to a server that shuts down", .timeLimit(.minutes(5)))
    func shutdownUnderConnections() async throws {
        for _ in 0..<20 {
            let (began, mayEnd) = (Signal(), Signal())
            let service = ScriptedImageService(pull: { _ in
                began.send()
                await mayEnd.wait()
                try Task.checkCancellation()
                return CRIPullImageResponse()
            })
            try await withServer([.images(service)]) { endpoint, server in
                try await RPCClient.withConnection(to: endpoint) { client in
                    async let answer = client.pullImage(CRIPullImageRequest())
                    await began.wait()
                    let others = (0..<4).map { _ in Task.detached { for _ in 0..<20 { connect(to: endpoint.path) } } }
                    server.beginGracefulShutdown()
                    for other in others { await other.value }
                    mayEnd.send()
                    _ = try await answer
                }
            }
        }
    }
}

/// Connects, if anybody listens, and goes away.
private func connect(to path: String) {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    _ = withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
