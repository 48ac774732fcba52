internal import Foundation
internal import Glibc

/// Why tests are skipped where `directMountsAreExpected` is false.
package let directMountRequirements = "needs Linux 6.12 with EROFS, and temporary files on a disk's file system"

/// Whether EROFS images that are files can surely be mounted below the directory of temporary files: root, Linux 6.12 with EROFS, and a file
/// system for disks. Where it is false they may be possible or not, and what is about them is skipped; `hack/test` looks whether rightly.
package let directMountsAreExpected: Bool = {
    guard geteuid() == 0,
        let known = try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8), known.contains("\terofs\n"),
        Kernel.isAtLeast(6, 12),
        let type = try? Tool.check(["stat", "-f", "-c", "%T", NSTemporaryDirectory()])
    else { return false }
    return ["ext2/ext3\n", "xfs\n", "btrfs\n"].contains(String(decoding: type, as: UTF8.self))
}()
