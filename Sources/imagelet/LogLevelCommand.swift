internal import ArgumentParser
internal import Config
internal import GRPC

struct LogLevelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level", abstract: "Change which log lines the daemon writes, or show it.",
        discussion: """
            A level counts for all parts of the daemon, PART=LEVEL for one. It holds until the daemon reads its configuration again, or \
            is restarted. Levels: \(LogLevelWish.allLevels). Parts: \(LogLevelWish.allParts).
            """)

    @Argument(help: ArgumentHelp("LEVEL or PART=LEVEL; none: only show.", valueName: "level"))
    var levels: [LogLevelWish] = []

    @Flag(help: "Back to what the configuration says, before all else.")
    var reset = false

    @OptionGroup var output: FormatOptions
    @OptionGroup var service: AdminOptions

    func run() async throws {
        var request = AdminSetLogLevelsRequest()
        request.reset = reset
        for wish in levels {
            if let part = wish.part {
                request.parts[part.rawValue] = wish.level.rawValue
            } else {
                request.level = wish.level.rawValue
            }
        }
        try await service.calling("set log levels") { client in
            let answer = try await client.setLogLevels(request)
            try Output.write(try Listing(items: answer.parts.map { PartLogLevel($0) }).rendered(as: output.format))
        }
    }
}

/// `debug`, or `registry=debug`.
struct LogLevelWish: ExpressibleByArgument {
    var part: ImageletConfiguration.Levels.Part?
    var level: ImageletConfiguration.Log.Level

    init?(argument: String) {
        let words = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let level = words.last.flatMap({ ImageletConfiguration.Log.Level(rawValue: $0) }) else { return nil }
        self.level = level
        guard words.count == 2 else { return }
        guard let part = ImageletConfiguration.Levels.Part(rawValue: words[0]) else { return nil }
        self.part = part
    }

    static var allLevels: String {
        ImageletConfiguration.Log.Level.allCases.map(\.rawValue).joined(separator: ", ")
    }
    static var allParts: String {
        ImageletConfiguration.Levels.Part.allCases.map(\.rawValue).joined(separator: ", ")
    }
}

/// What is written of one part of the daemon.
struct PartLogLevel: Listed {
    var part: String
    var level: String

    init(_ level: AdminPartLogLevel) {
        part = level.part
        self.level = level.level
    }

    static let columns: [Table.Column] = [.left("PART"), .left("LEVEL")]
    var row: [String] { [part, level] }
}
