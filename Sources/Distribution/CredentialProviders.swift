internal import FoundationEssentials
internal import Synchronization

/// The kubelet's credential-provider plugins as a source of credentials (exec protocol `credentialprovider.kubelet.k8s.io`): the ones whose
/// patterns match are asked in order, with the image on their standard input.
package final class CredentialProviders: CredentialSource {
    /// Most that is read of an answer.
    static let maximumOutput = 1 << 20
    /// Answers remembered before all are forgotten.
    private static let limit = 4096

    private struct Key: Hashable {
        var provider: Int
        var scope: String
    }

    private struct Held {
        var answer: CredentialProviderAnswer
        var until: Duration
    }

    private let providers: [CredentialProvider]
    private let directory: String
    private let timeLimit: Duration
    private let time: Timebase
    private let answers = Mutex<[Key: Held]>([:])

    /// - Parameters:
    ///   - directory: where the programs lie.
    ///   - timeLimit: how long one may take. Default: a minute, as with the kubelet.
    package init(
        _ providers: [CredentialProvider], directory: String, timeLimit: Duration = .seconds(60),
        time: Timebase = .continuous
    ) {
        self.providers = providers
        self.directory = directory
        self.timeLimit = timeLimit
        self.time = time
    }

    /// - Throws: `RegistryError` if a plugin could not be asked, and no other one had a credential.
    package func credential(for target: CredentialTarget, fresh: Bool) async throws -> Credential? {
        var trouble: RegistryError?
        let matching = providers.enumerated().filter { $0.element.patterns.contains { $0.matches(target) } }
        for (number, provider) in matching {
            do {
                let answer = try await answer(of: provider, number, target, fresh: fresh)
                if let credential = answer.credential(for: target) { return credential }
            } catch let error as RegistryError {
                trouble = trouble ?? error
            }
        }
        if let trouble { throw trouble }
        return nil
    }

    private func answer(
        of provider: CredentialProvider, _ number: Int, _ target: CredentialTarget, fresh: Bool
    ) async throws -> CredentialProviderAnswer {
        let scopes = [CredentialProviderAnswer.Scope.image, .registry, .global]
        if !fresh {
            let now = time.now()
            let held = answers.withLock { answers in
                scopes.compactMap { answers[Key(provider: number, scope: $0.key(target))] }.first { now < $0.until }
            }
            if let held { return held.answer }
        }
        let answer = try await ask(provider, target)
        let life = min(answer.life ?? provider.defaultLife, .seconds(86400 * 365))
        answers.withLock { answers in
            if answers.count >= Self.limit { answers = [:] }
            for scope in scopes { answers[Key(provider: number, scope: scope.key(target))] = nil }
            guard life > .zero else { return }
            answers[Key(provider: number, scope: answer.scope.key(target))] = Held(
                answer: answer, until: time.now() + life)
        }
        return answer
    }

    private func ask(
        _ provider: CredentialProvider, _ target: CredentialTarget
    ) async throws -> CredentialProviderAnswer {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let program = CredentialProgram(
            title: "credential provider \(provider.name)", name: provider.name, arguments: provider.arguments,
            searchPath: "\(directory):\(path)", environment: provider.environment, timeLimit: timeLimit,
            maximumOutput: Self.maximumOutput, time: time)
        // The directory alone counts; the search path is for what the program itself starts.
        guard FileManager.default.isExecutableFile(atPath: "\(directory)/\(provider.name)") else {
            throw program.failure("is no program in \(directory)")
        }
        let output = try await program.run(try provider.question(target.image))
        guard output.isSuccess else { throw program.failure("failed for \(target.image)") }
        guard let answer = CredentialProviderAnswer(output.bytes, to: provider) else {
            throw program.failure("answered something that is no CredentialProviderResponse of \(provider.apiVersion)")
        }
        return answer
    }
}
