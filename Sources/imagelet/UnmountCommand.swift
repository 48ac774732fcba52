internal import ArgumentParser
internal import GRPC
internal import Linux

struct UnmountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount",
        abstract: "Unmount an image and delete what was written to it.",
        discussion: "Needs root. Fails while a process uses the directory.")

    @Argument(help: "Where the image is mounted.")
    var directory: String

    @OptionGroup var service: AdminOptions

    func run() async throws {
        let target = try MountPoint.resolve(directory)
        do throws(LinuxError) {
            // What else is mounted there is not ours to take away.
            if let mount = try Mount.find(at: target), mount.type == "overlay", mount.source == "imagelet" {
                try Mount.unmount(target)
            }
        } catch {
            throw CommandError("unmount \(target)", error)
        }
        // A mount that went with a reboot is released all the same.
        try await service.calling("unmount \(target)") { client in
            var request = AdminReleaseMountRequest()
            request.mount = target
            _ = try await client.releaseMount(request)
        }
    }
}
