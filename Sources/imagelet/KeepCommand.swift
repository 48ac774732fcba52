internal import ArgumentParser
internal import ImageletDaemon

/// What `serve` starts beside itself; not for people.
struct KeepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keep", abstract: "Hold the daemon's descriptors while it restarts.",
        discussion: "Started by 'imagelet serve', with its socket as descriptor 3.", shouldDisplay: false)

    @Argument(help: "The daemon's root directory.")
    var root: String

    func run() {
        var keeper = Keeper(root: root, listener: 3)
        keeper.run()
    }
}
