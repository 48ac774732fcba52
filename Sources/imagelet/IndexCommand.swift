internal import ArgumentParser

struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Make SOCI indexes of images, and look at them.",
        discussion:
            "Works from a registry or an OCI layout (oci:DIRECTORY[:TAG]); needs no daemon and no container runtime.",
        subcommands: [
            IndexBuildCommand.self, IndexPushCommand.self, IndexListCommand.self, IndexInspectCommand.self,
            IndexVerifyCommand.self,
        ])
}
