internal import FoundationEssentials
internal import Subprocess

/// Runs `docker-credential-NAME get`: the host goes in on standard input, never as an argument.
package struct CredentialHelper: Sendable {
    static let nameBytes: Set<UInt8> = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)
    /// Most that is read of a helper's answer.
    static let maximumOutput = 64 << 10

    /// Search path of the helpers and of what they start; nil takes `PATH`.
    package var directory: String?
    /// How long a helper may take. Default 30 s.
    package var timeLimit: Duration
    private let time: Timebase

    package init(directory: String? = nil, timeLimit: Duration = .seconds(30), time: Timebase = .continuous) {
        self.directory = directory
        self.timeLimit = timeLimit
        self.time = time
    }

    /// The credential `name` has for `server`, or nil if it says that it has none.
    /// - Throws: `RegistryError.invalidConfiguration` if it cannot be run, fails, is too slow or talks nonsense.
    func get(_ name: String, server: String) async throws -> Credential? {
        let program = "docker-credential-\(name)"
        let output = try await withThrowingTaskGroup(of: Output.self) { group in
            group.addTask { try await run(program, input: server) }
            group.addTask {
                try await time.sleep(timeLimit)
                throw failure(program, "did not answer within \(timeLimit)")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
        guard output.isSuccess else {
            let text = String(decoding: output.bytes.prefix(200), as: UTF8.self).trimmed
            // The words all helpers of Docker's library use for "none here"; anything else is a failure.
            if text.contains("credentials not found") || text.contains("no credentials") { return nil }
            throw failure(program, "failed for \(server)")
        }
        struct Answer: Decodable {
            var Username: String?
            var Secret: String?
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output.bytes)), let secret = answer.Secret
        else {
            throw failure(program, "answered something that is no credential")
        }
        let user = answer.Username ?? ""
        return user == "<token>" ? .identityToken(secret) : .basic(user: user, password: secret)
    }

    private struct Output: Sendable {
        var isSuccess: Bool
        var bytes: [UInt8]
    }

    private func run(_ program: String, input: String) async throws -> Output {
        do {
            let environment: Environment = directory.map { .inherit.updating(["PATH": $0]) } ?? .inherit
            let result = try await Subprocess.run(
                .name(program), arguments: ["get"], environment: environment,
                input: Question(text: Array("\(input)\n".utf8)),
                output: .bytes(limit: Self.maximumOutput))
            return Output(isSuccess: result.terminationStatus.isSuccess, bytes: result.standardOutput)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Nothing of the error's own text: it may hold what the helper wrote.
            throw failure(program, "could not be run; is it installed and in the search path?")
        }
    }

    private func failure(_ program: String, _ why: String) -> RegistryError {
        RegistryError(.invalidConfiguration, "credential helper \(program) \(why)")
    }
}

/// What a helper is asked. One that ends before it has read this must not end us: a writer whose write failed is finished all the same,
/// which the library's own inputs forget.
private struct Question: InputProtocol {
    let text: [UInt8]

    func write(with writer: StandardInputWriter) async throws { _ = try? await writer.write(text) }
}
