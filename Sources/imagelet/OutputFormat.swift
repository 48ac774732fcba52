internal import ArgumentParser

/// `-o`
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json
}

struct FormatOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "How to print.")
    var format = OutputFormat.table
}
