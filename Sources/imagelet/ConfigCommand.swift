internal import ArgumentParser
internal import Config

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the daemon's configuration, show it, or have the daemon read it again.",
        subcommands: [
            ConfigCheckCommand.self, ConfigShowCommand.self, ConfigReloadCommand.self, ConfigReferenceCommand.self,
        ])
}

struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read the configuration and say what is wrong with it.",
        discussion: "Drop-ins in config.d beside the file are read, too. Ends with status 2 if anything is wrong.")

    @OptionGroup var file: ConfigurationOptions

    func run() throws {
        _ = try file.load()
        Output.talk("configuration: good")
    }
}

struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print the configuration in force: file, drop-ins and defaults as one.")

    @OptionGroup var file: ConfigurationOptions

    func run() throws {
        try Output.write(try file.load().yaml)
    }
}

struct ConfigReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a configuration file with every key, explained, at its default.")

    func run() throws {
        try Output.write(ImageletConfiguration.reference)
    }
}
