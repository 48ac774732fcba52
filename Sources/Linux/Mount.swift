internal import CLinux
internal import Glibc

/// A mount of this process's namespace, as /proc/self/mountinfo tells it (proc_pid_mountinfo(5)).
package struct Mount: Sendable, Equatable {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt
        package init(rawValue: UInt) { self.rawValue = rawValue }

        package static let readOnly = Flags(rawValue: UInt(MS_RDONLY))
        package static let noAccessTimes = Flags(rawValue: UInt(MS_NOATIME))
        package static let noDevices = Flags(rawValue: UInt(MS_NODEV))
        package static let noSetUserID = Flags(rawValue: UInt(MS_NOSUID))
        package static let bind = Flags(rawValue: UInt(MS_BIND))
    }

    package var path: String
    /// File system type, subtype included: "ext4", "fuse.imagelet".
    package var type: String
    package var source: String
    /// Major and minor of the file system's device, "0:52".
    package var device: String
    /// Options of this mount point: "rw", "relatime" …
    package var options: [String]
    /// Options of the file system, shared by all its mount points.
    package var fileSystemOptions: [String]

    /// mount(2).
    /// - Parameter options: of the file system, comma-separated; less than a page.
    package static func mount(
        source: String, target: String, type: String, flags: Flags = [], options: String = ""
    ) throws(LinuxError) {
        try system("mount", target) {
            unsafe options.withCString { unsafe CLinux.mount(source, target, type, flags.rawValue, $0) }
        }
    }

    /// Mounts an EROFS image that is a file, with another file as the device its data lies on (Linux 6.12 and later).
    ///
    /// EROFS keeps both files open for as long as anybody uses the mount, by whatever name.
    package static func erofs(_ image: File, device: File, at target: String) throws(LinuxError) {
        // By its descriptor: paths with a comma would be two options.
        try mount(
            source: image.path, target: target, type: "erofs", flags: .readOnly,
            options: "device=/proc/self/fd/\(device.descriptor)")
    }

    /// Takes the topmost mount off `path`.
    /// - Parameter lazily: also while it is in use (MNT_DETACH): it is gone by name at once, and whole when its last user goes.
    /// - Returns: false if nothing is mounted there.
    @discardableResult
    package static func unmount(_ path: String, lazily: Bool = false) throws(LinuxError) -> Bool {
        let flags = UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0)
        do throws(LinuxError) {
            try system("umount2", path) { unsafe umount2(path, Int32(flags)) }
            return true
        } catch let error where error.errno == .invalidArgument || error.errno == .noEntry {
            return false
        }
    }

    /// The topmost mount whose mount point is exactly `path`; nil if there is none. Symlinks above the last name are followed, and
    /// the mount itself isn't touched: it may be dead.
    package static func find(at path: String) throws(LinuxError) -> Mount? {
        let target: String
        do throws(LinuxError) {
            target = try Path.resolvingParents(of: path)
        } catch let error where error.errno == .noEntry || error.errno == .notDirectory {
            return nil
        }
        return try all().last { $0.path == target }
    }

    /// All mounts, in the order they hide each other.
    package static func all() throws(LinuxError) -> [Mount] {
        let path = "/proc/self/mountinfo"
        let file = try File(path)
        var bytes: [UInt8] = []
        while true {
            let piece = try file.read(at: Int64(bytes.count), count: 64 << 10)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { Mount(line: Array($0)) }
    }

    /// One line of mountinfo; nil if it isn't one.
    init?(line: [UInt8]) {
        let fields = line.split(separator: UInt8(ascii: " ")).map { Self.unescaped(Array($0)) }
        // "36 35 98:0 /root /path rw,noatime master:1 … - ext3 /dev/root rw"
        guard let dash = fields.dropFirst(6).firstIndex(of: "-"), fields.count > dash + 3 else { return nil }
        device = fields[2]
        path = fields[4]
        options = fields[5].split(separator: ",").map(String.init)
        type = fields[dash + 1]
        source = fields[dash + 2]
        fileSystemOptions = fields[dash + 3].split(separator: ",").map(String.init)
    }

    /// Blank, tab, newline and backslash are written as three octal digits behind a backslash.
    private static func unescaped(_ field: [UInt8]) -> String {
        var result: [UInt8] = []
        var rest = field[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                result.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) })
                rest.removeFirst(3)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
