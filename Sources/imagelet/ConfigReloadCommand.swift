internal import ArgumentParser
internal import GRPC

struct ConfigReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have the daemon read its configuration again.",
        discussion: """
            What changed is followed at once, as far as a running daemon can; the rest is named, and takes a restart, over which no read \
            fails. A configuration that cannot be read changes nothing. SIGHUP (systemctl reload imagelet) does the same.
            """)

    @OptionGroup var output: FormatOptions
    @OptionGroup var service: AdminOptions

    func run() async throws {
        try await service.calling("reload the configuration") { client in
            let answer = try await client.reloadConfiguration()
            let changes =
                answer.inForce.map { ChangedKey($0, inForce: true) }
                + answer.needsRestart.map { ChangedKey($0, inForce: false) }
            guard !changes.isEmpty || output.format == .json else { return try Output.write("nothing has changed\n") }
            try Output.write(try Listing(items: changes).rendered(as: output.format))
        }
    }
}

/// A key of the configuration that has another value than before.
struct ChangedKey: Listed {
    var key: String
    var old: String
    var new: String
    /// Else it takes a restart.
    var isInForce: Bool

    init(_ change: AdminKeyChange, inForce: Bool) {
        key = change.key
        old = change.old
        new = change.new
        isInForce = inForce
    }

    static let columns: [Table.Column] = [.left("KEY"), .left("OLD"), .left("NEW"), .left("IN FORCE")]
    var row: [String] { [key, old, new, isInForce ? "now" : "after a restart"] }
}
