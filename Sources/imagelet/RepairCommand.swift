internal import ArgumentParser
internal import CRI
internal import Distribution
internal import Snapshots

struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Find and mend images that containerd cannot use and cannot mend by itself.",
        discussion: """
            Snapshots that are lost are removed from containerd, which unpacks their images anew when it needs them. Images whose \
            documents or layers are missing are deleted, so that the next pull brings them anew; images that are not listed are \
            announced again. Containers on lost snapshots must be removed first: the command names the snapshots and ends with 4. \
            containerd and the daemon must be running.
            """)

    @Flag(help: "Only tell what is wrong.")
    var dryRun = false

    @Option(help: ArgumentHelp("containerd's namespace whose images are looked at.", valueName: "namespace"))
    var namespace = ContainerRuntime.namespace

    @OptionGroup var runtime: RuntimeOptions

    func run() async throws {
        try await runtime.calling("repair images") { client in
            let repair = Repair(
                containerd: client, snapshotter: ContainerRuntime.snapshotter, namespace: namespace,
                isOfTheCRI: namespace == ContainerRuntime.namespace, platform: HostPlatform.current)
            let findings = try await repair.examine()
            for finding in findings { try Output.write("\(finding)\n") }
            if findings.isEmpty { try Output.write("nothing to repair\n") }
            if !dryRun { try Self.expectNone(of: try await repair.mend(findings)) }
        }
    }

    private static func expectNone(of held: [HeldSnapshot]) throws {
        if held.isEmpty { return }
        let snapshots = held.map { "\($0.chain) of \($0.image)" }.joined(separator: ", ")
        throw CommandError(
            .refused,
            "repair images: lost snapshots are in use: \(snapshots); remove the containers on them, or their pods "
                + "(crictl rm -f, crictl rmp -f), then repair again")
    }
}
