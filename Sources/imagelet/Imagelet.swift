internal import ArgumentParser
internal import Glibc
internal import ImageletDaemon

/// The command. It parses and says how things ended; its subcommands do the rest, one file each.
@main
struct Imagelet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imagelet",
        abstract: "Container images, usable before they are there.",
        discussion: "Exit status: \(ExitStatus.summary).", version: Version.current,
        subcommands: [
            ServeCommand.self, PullCommand.self, ImagesCommand.self, InspectCommand.self, RemoveCommand.self,
            MountCommand.self,
            UnmountCommand.self, ExplainCommand.self, StatusCommand.self, ReportCommand.self, CollectCommand.self,
            RepairCommand.self, IndexCommand.self, NodeCommand.self, DoctorCommand.self, ConfigCommand.self,
            LogLevelCommand.self, KeepCommand.self,
        ])

    static func main() async {
        Output.ignoreBrokenPipes()
        Glibc.exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    /// Runs the command these arguments ask for, and tells the user if it failed.
    static func run(_ arguments: [String]) async -> ExitStatus {
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .success
        } catch {
            return report(error)
        }
    }

    private static func report(_ error: any Error) -> ExitStatus {
        switch error {
        case is OutputClosed:
            // Whoever read our output has seen enough, as in `imagelet images | head -1`.
            return .success
        case let error as CommandError:
            Output.talk("imagelet: \(error.message)")
            return error.status
        default:
            return reportParsing(error)
        }
    }

    /// Requests for help arrive as errors, too.
    private static func reportParsing(_ error: any Error) -> ExitStatus {
        switch exitCode(for: error) {
        case .success:
            do {
                try Output.write(fullMessage(for: error) + "\n")
                return .success
            } catch {
                return report(error)
            }
        case .validationFailure:
            Output.talk("imagelet: \(fullMessage(for: error, prefixed: false))")
            return .usage
        default:
            Output.talk("imagelet: \(message(for: error))")
            return .failure
        }
    }

    /// The parser's message and usage line, without its own "Error: ".
    private static func fullMessage(for error: any Error, prefixed: Bool) -> String {
        let text = fullMessage(for: error)
        return !prefixed && text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text
    }
}
