internal import ArgumentParser
internal import Config
internal import ImageletDaemon

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the daemon: the CRI image service and the layer file system.",
        discussion:
            "Ends in order on SIGTERM and SIGINT; reads its configuration again on SIGHUP. Needs root and /dev/fuse."
    )

    @OptionGroup var file: ConfigurationOptions

    func run() async throws {
        let configuration = try file.load()
        do {
            let path = file.config
            try await Daemon(configuration: configuration, log: DaemonLog(configuration.log, write: Output.draw)) {
                try ImageletConfiguration.load(path: path)
            }.run()
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
