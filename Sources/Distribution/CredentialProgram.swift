internal import Subprocess

/// A program that is asked for credentials on its standard input and answers on its standard output. What it writes elsewhere is dropped: it
/// may be secret. Bounded in time and output.
struct CredentialProgram: Sendable {
    /// What it is called in messages.
    var title: String
    /// A name without slashes; looked for in the search path.
    var name: String
    var arguments: [String] = []
    /// Nil: our own `PATH`.
    var searchPath: String?
    /// On top of our own environment.
    var environment: [String: String] = [:]
    var timeLimit: Duration
    /// Most that is read of an answer, in bytes.
    var maximumOutput: Int
    var time: Timebase

    struct Output: Sendable {
        var isSuccess: Bool
        var bytes: [UInt8]
    }

    /// - Throws: `RegistryError.invalidConfiguration` if it cannot be run, says too much or is too slow; `CancellationError`.
    func run(_ question: [UInt8]) async throws -> Output {
        try await withThrowingTaskGroup(of: Output.self) { group in
            group.addTask { try await answer(question) }
            group.addTask {
                try await time.sleep(timeLimit)
                throw failure("did not answer within \(timeLimit)")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    func failure(_ why: String) -> RegistryError { RegistryError(.invalidConfiguration, "\(title) \(why)") }

    private func answer(_ question: [UInt8]) async throws -> Output {
        do {
            var updates: [Environment.Key: String?] = [:]
            if let searchPath { updates["PATH"] = searchPath }
            for (key, value) in environment { updates[Environment.Key(stringLiteral: key)] = value }
            let result = try await Subprocess.run(
                .name(name), arguments: Arguments(arguments), environment: .inherit.updating(updates),
                input: Question(text: question), output: .bytes(limit: maximumOutput))
            return Output(isSuccess: result.terminationStatus.isSuccess, bytes: result.standardOutput)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // Nothing of the error's own text: it may hold what the program wrote.
            throw failure("could not be run, or said too much; is it installed and in its place?")
        }
    }
}

/// What a program is asked. One that ends before it has read this must not end us: a writer whose write failed is finished all the same,
/// which the library's own inputs forget.
private struct Question: InputProtocol {
    let text: [UInt8]

    func write(with writer: StandardInputWriter) async throws { _ = try? await writer.write(text) }
}
