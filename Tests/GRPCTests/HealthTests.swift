import GRPC
import Linux
import Synchronization
import TestSupport
import Testing

@Suite("Health over gRPC")
struct HealthTests {
    private final class Patient: HealthService {
        let isWell = Mutex(true)
        func isServing(_ service: String) async -> Bool? {
            service == "known" || service.isEmpty ? isWell.withLock { $0 } : nil
        }
    }

    /// Asks as any client of the protocol does; messages are written by hand, since their bytes are what counts.
    private func ask(_ endpoint: RPCEndpoint, _ script: String) async throws -> String {
        let program = """
            import grpc, sys
            channel = grpc.insecure_channel(sys.argv[1], options=[("grpc.default_authority", "localhost")])
            same = lambda message: message
            check = channel.unary_unary("/grpc.health.v1.Health/Check", same, same)
            watch = channel.unary_stream("/grpc.health.v1.Health/Watch", same, same)
            known, unknown = b"\\x0a\\x05known", b"\\x0a\\x05other"
            \(script)
            """
        return try await BlockingThread.run("probe") {
            String(
                decoding: try Tool.check(["python3", "-c", program, "unix:\(endpoint.path)"]), as: UTF8.self)
        }
    }

    @Test func check() async throws {
        let patient = Patient()
        try await withServer([.health(patient)]) { endpoint, _ in
            let script = """
                print(check(b"", timeout=60), check(known, timeout=60))
                try:
                    check(unknown, timeout=60)
                except grpc.RpcError as error:
                    print(error.code())
                """
            let answers = try await ask(endpoint, script)
            #expect(answers == "b'\\x08\\x01' b'\\x08\\x01'\nStatusCode.NOT_FOUND\n")
            patient.isWell.withLock { $0 = false }
            let answer = try await ask(endpoint, "print(check(known, timeout=60))")
            #expect(answer == "b'\\x08\\x02'\n")
        }
    }

    @Test("Who watches is told the state at once and every change")
    func watch() async throws {
        let patient = Patient()
        try await withServer([.health(patient)]) { endpoint, _ in
            #expect(try await ask(endpoint, "print(next(watch(unknown, timeout=60)))") == "b'\\x08\\x03'\n")
            async let told = ask(
                endpoint,
                """
                answers = watch(known, timeout=120)
                print(next(answers), flush=True)
                print(next(answers))
                answers.cancel()
                """)
            // Whichever state the first answer finds, the other follows.
            let flips = Task {
                while !Task.isCancelled {
                    patient.isWell.withLock { $0.toggle() }
                    try? await Task.sleep(for: .milliseconds(1500))
                }
            }
            defer { flips.cancel() }
            let lines = try await told.split(separator: "\n").map(String.init)
            #expect(Set(lines) == ["b'\\x08\\x01'", "b'\\x08\\x02'"])
        }
    }
}
