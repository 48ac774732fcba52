internal import Foundation
internal import GRPC
internal import Linux

/// The overlay that makes one root file system of an image's layers.
struct OverlayMount: Equatable {
    /// Where the lower directories are looked up, so that their names in the options can be short: mount(2) takes one
    /// page of options, and a hundred absolute paths are more.
    var directory: String
    /// Relative to `directory` or absolute, top first.
    var lower: [String]
    /// Absolute; nil for a read-only mount.
    var upper: (directory: String, work: String)?

    init(_ plan: AdminPrepareMountResponse) throws(CommandError) {
        directory = plan.layerDirectory
        lower = plan.slots.map(String.init)
        if !plan.upperDirectory.isEmpty {
            upper = (plan.upperDirectory, plan.workDirectory)
            if lower.isEmpty { lower = [plan.emptyDirectory] }
        } else if lower.count == 1 {
            // overlayfs(5): without an upper directory there must be two lower ones.
            lower.append(plan.emptyDirectory)
        } else if lower.isEmpty {
            throw CommandError(.refused, "the image has no layers; mount it without --read-only")
        }
    }

    /// Options of mount(2).
    var options: String {
        var options = "lowerdir=" + Overlay.lowerOption(lower)
        if let upper {
            options += ",upperdir=\(Overlay.option(upper.directory)),workdir=\(Overlay.option(upper.work))"
        }
        return options
    }

    /// Mounts it at an absolute path. Leaves the process in another working directory.
    func mount(at target: String) throws(CommandError) {
        guard FileManager.default.changeCurrentDirectoryPath(directory) else {
            throw CommandError(.failure, "cannot enter the layer store \(directory); is the daemon still serving it?")
        }
        do throws(LinuxError) {
            try Mount.mount(
                source: "imagelet", target: target, type: "overlay", flags: upper == nil ? .readOnly : [],
                options: options)
        } catch {
            throw CommandError("mount at \(target)", error)
        }
    }

    static func == (left: OverlayMount, right: OverlayMount) -> Bool {
        left.directory == right.directory && left.options == right.options
    }
}
