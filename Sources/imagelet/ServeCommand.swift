internal import ArgumentParser
internal import Config
internal import ImageletDaemon
internal import Logging

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the daemon: the CRI image service and the layer file system.",
        discussion: "Ends in order on SIGTERM and SIGINT. Needs root and /dev/fuse.")

    @OptionGroup var file: ConfigurationOptions

    func run() async throws {
        let configuration = try file.load()
        var logger = Logger(label: "imagelet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info
        do {
            try await Daemon(configuration: configuration, logger: logger).run()
        } catch {
            throw CommandError(.failure, "serve: \(error)")
        }
    }
}

/// Where the daemon's configuration is.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: "Configuration file. (default: \(ImageletConfiguration.defaultPath), if it is there)")
    var config: String?

    func load() throws -> ImageletConfiguration {
        do {
            return try ImageletConfiguration.load(path: config)
        } catch {
            throw CommandError(.usage, "configuration: \(error.message)")
        }
    }
}
