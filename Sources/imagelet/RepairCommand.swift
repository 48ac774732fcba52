internal import ArgumentParser
internal import CRI
internal import Distribution
internal import Snapshots

struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Find and mend images that containerd cannot use and cannot mend by itself.",
        discussion: """
            Images whose snapshots are lost or whose documents are missing are deleted from containerd, so that the next pull brings \
            them anew; images that are not listed are announced again. containerd and the daemon must be running.
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
                platform: HostPlatform.current)
            let findings = try await repair.examine()
            for finding in findings {
                try Output.write("\(finding)\n")
                if !dryRun { try await repair.mend(finding) }
            }
            if findings.isEmpty { try Output.write("nothing to repair\n") }
        }
    }
}
