internal import ArgumentParser
internal import Distribution
internal import ImageletDaemon
internal import Images
internal import Logging
internal import OCI

/// How commands that work without the daemon reach registries and layouts.
struct RegistryOptions: ParsableArguments {
    @OptionGroup var file: ConfigurationOptions

    @Option(help: "Credentials for the registry, as user:password. (default: docker's config.json)")
    var creds: String?

    var credentials: RequestCredentials? {
        get throws {
            guard let creds else { return nil }
            let parts = creds.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw CommandError(.usage, "--creds: not user:password; write it as --creds 'user:password'")
            }
            return RequestCredentials(username: String(parts[0]), password: String(parts[1]))
        }
    }

    func client() throws -> RegistryClient {
        var logger = Logger(label: "imagelet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return RegistryAccess(try file.load()).client(logger: logger)
    }

    /// Where `image` is and by what name: `oci:DIRECTORY[:TAG]` is an OCI layout, anything else a reference in a registry.
    func locate(_ image: String) throws -> (origin: any ImageOrigin, reference: Reference) {
        if image.hasPrefix("oci:") {
            return try LayoutOrigin.open(String(image.dropFirst("oci:".count)))
        }
        return (RegistryOrigin(try client(), credentials: try credentials), try Reference(image).withDefaultTag)
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
