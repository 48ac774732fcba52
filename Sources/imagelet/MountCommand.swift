internal import ArgumentParser
internal import GRPC
internal import Linux

struct MountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount",
        abstract: "Mount an image as a root file system.",
        discussion: """
            What is written below the directory is kept beside the image until it is unmounted. Needs root. Prints the \
            directory, or with -o json how the image wants to be run.
            """)

    @Argument(help: "Name or id of an image of this node.")
    var image: String

    @Argument(help: "An existing directory.")
    var directory: String

    @Flag(help: "Nothing can be written.")
    var readOnly = false

    @OptionGroup var output: FormatOptions
    @OptionGroup var service: AdminOptions

    func run() async throws {
        let target = try MountPoint.resolve(directory)
        let text = try await service.calling("mount \(image)") { client in
            var request = AdminPrepareMountRequest()
            request.image = image
            request.readOnly = readOnly
            let plan = try await client.prepareMount(request)
            do {
                try OverlayMount(plan).mount(at: target)
                do {
                    var commit = AdminCommitMountRequest()
                    commit.mountID = plan.mountID
                    commit.target = target
                    _ = try await client.commitMount(commit)
                } catch {
                    try Mount.unmount(target)
                    throw error
                }
            } catch {
                // The first error is the one to tell; a daemon that can't release now sweeps at its next start.
                var release = AdminReleaseMountRequest()
                release.mount = plan.mountID
                _ = try? await client.releaseMount(release)
                throw error
            }
            return output.format == .json ? try JSONText.of(MountedImage(plan, at: target)) : target + "\n"
        }
        try Output.write(text)
    }
}

/// What `mount -o json` prints.
struct MountedImage: Encodable {
    var mountId: String
    var imageId: String
    var directory: String
    var user: String
    var environment: [String]
    var entrypoint: [String]
    var command: [String]
    var workingDirectory: String

    init(_ plan: AdminPrepareMountResponse, at directory: String) {
        mountId = plan.mountID
        imageId = plan.imageID
        self.directory = directory
        user = plan.config.user
        environment = plan.config.environment
        entrypoint = plan.config.entrypoint
        command = plan.config.command
        workingDirectory = plan.config.workingDirectory.isEmpty ? "/" : plan.config.workingDirectory
    }
}
