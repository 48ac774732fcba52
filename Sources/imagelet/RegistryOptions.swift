internal import ArgumentParser
internal import Distribution
internal import ImageletDaemon
internal import Images
internal import Logging
internal import OCI

/// How commands that work without the daemon reach registries and layouts.
struct RegistryOptions: ParsableArguments {
    @OptionGroup var file: ConfigurationOptions

    @OptionGroup var login: LoginOptions

    var credentials: RequestCredentials? {
        login.credentials.map { RequestCredentials(username: $0.username, password: $0.password) }
    }

    func client() throws -> RegistryClient {
        var logger = Logger(label: "imagelet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let configuration = try file.load()
        return RegistryAccess(configuration).client(logger: logger)
    }

    /// Where `image` is and by what name: `oci:DIRECTORY[:TAG]` is an OCI layout, anything else a reference in a registry.
    func locate(_ image: String) throws -> (origin: any ImageOrigin, reference: Reference) {
        if image.hasPrefix("oci:") {
            return try LayoutOrigin.open(String(image.dropFirst("oci:".count)))
        }
        return (RegistryOrigin(try client(), credentials: credentials), try Reference(image).withDefaultTag)
    }
}

extension CommandError {
    /// - Parameter action: what was being done, such as "explain alpine".
    init(_ action: String, describing error: any Error) {
        if let error = error as? CommandError {
            self = error
            return
        }
        let error = ImageError(describing: error)
        let status: ExitStatus =
            switch error.code {
            case .invalidReference: .usage
            case .notFound: .notFound
            case .unauthenticated, .denied, .inUse, .unsupported: .refused
            case .unavailable, .rateLimited: .unavailable
            case .corrupt, .diskFull, .failed: .failure
            }
        self.init(status, "\(action): \(error.message)")
    }

    /// Runs what a command is about and tells failures as its own.
    static func wrapping<Result>(_ action: String, _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as OutputClosed {
            throw error
        } catch {
            throw CommandError(action, describing: error)
        }
    }
}
