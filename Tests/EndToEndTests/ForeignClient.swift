import Foundation
import Glibc
internal import OCI
import Synchronization
import TestSupport

/// Python's grpcio as the client of any Unix socket (pods.py): another language, another gRPC, messages of its own.
final class ForeignClient: Sendable {
    /// A call that ended with a code other than OK.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        /// As gRPC names it, such as `NOT_FOUND`.
        var code: String
        var message: String
        var description: String { "\(code): \(message)" }
    }

    private struct State {
        var next: Int64 = 1
        var waiting: [Int64: CheckedContinuation<JSONValue, any Error>] = [:]
        var isEnded = false
        var isStopped = false
    }

    private let program: Spawn
    /// Our end of its standard input and output.
    private let stream: FileHandle
    private let state = Mutex(State())
    private let writer = Mutex(())

    init() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let files = ["pods.py", "runtime.proto", "../../Sources/GRPC/Protos/snapshots.proto"]
        let (theirs, ours) = try makeSocketPair()
        defer { close(theirs) }
        stream = FileHandle(fileDescriptor: ours, closeOnDealloc: true)
        // A client that died is told by what it has written, not by a signal.
        _ = signal(SIGPIPE, SIG_IGN)
        program = try Spawn(
            ["python3"] + files.map { here.appendingPathComponent($0).standardizedFileURL.path }, input: theirs,
            output: theirs, errors: STDERR_FILENO)
        let stream = stream
        Thread.detachNewThread { [weak self] in
            var rest = Data()
            while true {
                let data = stream.availableData
                if data.isEmpty { break }
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    self?.take(rest[rest.startIndex..<end])
                    rest = rest[(end + 1)...]
                }
            }
            self?.fail()
        }
    }

    deinit { stop() }

    /// Ends the client; calls in flight fail.
    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        kill(program.identifier, SIGKILL)
        program.wait()
    }

    /// A unary call by the name of its method.
    func call(
        _ method: String, _ body: JSONValue = [:], at socket: String, metadata: [String: String] = [:],
        timeout: Double = 120
    ) async throws -> JSONValue {
        try await ask([
            "method": "\(method)", "body": body, "socket": "\(socket)", "timeout": .number(timeout),
            "metadata": .object(metadata.mapValues { .string($0) }),
        ])
    }

    /// Any call; see pods.py. Cancelling the task hangs up.
    func ask(_ call: JSONValue) async throws -> JSONValue {
        guard case .object(var fields) = call else { throw Refusal(code: "CLIENT", message: "not an object") }
        let id = state.withLock {
            $0.next += 1
            return $0.next
        }
        fields["id"] = .integer(id)
        let line = JSONValue.object(fields)
        let outcome = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isEnded = state.withLock {
                    if !$0.isEnded { $0.waiting[id] = continuation }
                    return $0.isEnded
                }
                if isEnded { return continuation.resume(throwing: Refusal(code: "CLIENT", message: "has ended")) }
                send(line)
            }
        } onCancel: {
            send(["cancel": .integer(id)])
        }
        if let code = outcome["code"] { throw Refusal(code: code.text, message: outcome.at("message").text) }
        return outcome["answers"] ?? outcome.at("answer")
    }

    private func send(_ line: JSONValue) {
        guard let data = try? JSONEncoder().encode(line) else { return }
        // If the client is gone, its reader says so.
        writer.withLock { _ in try? stream.write(contentsOf: data + Data("\n".utf8)) }
    }

    private func take(_ line: Data) {
        guard let outcome = try? JSONDecoder().decode(JSONValue.self, from: line) else { return }
        let continuation = state.withLock { $0.waiting.removeValue(forKey: outcome.at("id").number) }
        continuation?.resume(returning: outcome)
    }

    private func fail() {
        let waiting = state.withLock { state in
            state.isEnded = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        waiting.forEach { $0.resume(throwing: Refusal(code: "CLIENT", message: "pods.py has ended")) }
    }
}

/// The code that a call ends with, `OK` if it succeeds.
func code(of call: () async throws -> JSONValue) async -> String {
    do {
        _ = try await call()
        return "OK"
    } catch {
        return (error as? ForeignClient.Refusal)?.code ?? "\(error)"
    }
}
