internal import ArgumentParser
internal import Config
internal import Node

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Put imagelet in front of this node's container runtime, or take it away again.",
        subcommands: [NodeInstallCommand.self, NodeUninstallCommand.self])
}

struct NodeInstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Tell the container runtime, systemd and the kubelet about imagelet.",
        discussion: """
            Prints what it changes as a diff, keeps what was there, and refuses what it does not understand or others have changed, \
            changing nothing then. Doing it again changes nothing. Images that are here before belong to the runtime's old snapshotter: \
            drain the node first, or set it up before it joins.
            """)

    @Option(help: "The runtime. (default: the one that is here)")
    var runtime: RuntimeKind?

    @Flag(
        help: "Also have the kubelet ask imagelet for images; without that, pods that ask for a strategy are not heard."
    )
    var kubelet = false

    @OptionGroup var options: NodeOptions

    func run() throws {
        let root = options.nodeRoot
        try CommandError.wrappingNode("node install") {
            let record = try InstallRecord.load(from: root)
            let plan = try InstallPlan(
                for: .init(runtime: runtime, kubelet: kubelet), in: root, try options.configuration(), record: record)
            if options.dryRun {
                try Output.write(plan.diff)
                return
            }
            let written = try Installation(in: root).install(plan, over: record)
            try Output.write(written.map(\.diff).joined())
            options.advise(written.isEmpty ? nil : plan.restarts, done: "installed for \(plan.runtime.rawValue)")
        }
    }
}

struct NodeUninstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Put back what 'node install' changed, byte for byte.",
        discussion: """
            What others changed around our marked lines stays; files of ours that were changed are refused. Containers that run on \
            imagelet's layers run on as long as imagelet does: drain the node before.
            """)

    @OptionGroup var options: NodeOptions

    func run() throws {
        let root = options.nodeRoot
        try CommandError.wrappingNode("node uninstall") {
            guard let record = try InstallRecord.load(from: root) else {
                throw CommandError(.notFound, "node uninstall: nothing is installed here")
            }
            let installation = Installation(in: root)
            let back = try installation.restorations(of: record)
            for file in back {
                try Output.write(file.diff)
            }
            if options.dryRun { return }
            try installation.uninstall(record)
            options.advise(back.isEmpty ? nil : record.restarts, done: "uninstalled")
        }
    }
}

struct NodeOptions: ParsableArguments {
    @Flag(help: "Only print what would be changed.")
    var dryRun = false

    @Option(help: "Where the node's root file system is mounted, to set up an image.")
    var root = "/"

    var nodeRoot: NodeRoot { NodeRoot(root) }

    /// imagelet's own configuration on the node.
    func configuration() throws -> ImageletConfiguration {
        let path = ImageletConfiguration.defaultPath
        do {
            return try ImageletConfiguration.load(path: nodeRoot.exists(path) ? nodeRoot.path(path) : nil)
        } catch {
            throw CommandError(.usage, "configuration: \(error.message)")
        }
    }

    /// Says what remains to be done by hand; services are the operator's to restart.
    func advise(_ units: [String]?, done: String) {
        guard let units else { return Output.talk("nothing to change") }
        Output.talk(done)
        guard nodeRoot.isThisMachine else { return }
        Output.talk("now: systemctl daemon-reload && systemctl restart \(units.joined(separator: " "))")
    }
}

extension RuntimeKind: ExpressibleByArgument {}

extension CommandError {
    fileprivate static func wrappingNode(_ action: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as NodeError {
            let status: ExitStatus =
                switch error.code {
                case .notFound: .notFound
                case .foreign, .unsupported: .refused
                case .inaccessible: .failure
                }
            throw CommandError(status, "\(action): \(error.message)")
        }
    }
}
