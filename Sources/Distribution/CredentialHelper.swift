internal import FoundationEssentials

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
        let program = CredentialProgram(
            title: "credential helper docker-credential-\(name)", name: "docker-credential-\(name)", arguments: ["get"],
            searchPath: directory, timeLimit: timeLimit, maximumOutput: Self.maximumOutput, time: time)
        let output = try await program.run(Array("\(server)\n".utf8))
        guard output.isSuccess else {
            let text = String(decoding: output.bytes.prefix(200), as: UTF8.self).trimmed
            // The words all helpers of Docker's library use for "none here"; anything else is a failure.
            if text.contains("credentials not found") || text.contains("no credentials") { return nil }
            throw program.failure("failed for \(server)")
        }
        struct Answer: Decodable {
            var Username: String?
            var Secret: String?
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output.bytes)), let secret = answer.Secret
        else {
            throw program.failure("answered something that is no credential")
        }
        let user = answer.Username ?? ""
        return user == "<token>" ? .identityToken(secret) : .basic(user: user, password: secret)
    }
}
