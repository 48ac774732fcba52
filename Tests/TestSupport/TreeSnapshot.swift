internal import CLinux
internal import Glibc
internal import Hashing

/// Everything one can learn about a directory tree from outside, to compare two trees: an unpack by a real tool with a mount, or with a `LayerTree`.
package struct TreeSnapshot: Sendable, Equatable {
    /// The facts of one path.
    package struct Facts: Sendable, Equatable {
        /// The type as `ls -l` shows it: `-`, `d`, `l`, `c`, `b`, `p` or `s`.
        package var type: Character
        package var mode: UInt32
        package var uid: UInt32
        package var gid: UInt32
        /// 0 for directories, whose size is the file system's affair.
        package var size: Int64
        package var seconds: Int64
        package var nanoseconds: Int64
        package var linkCount: UInt64
        /// `major:minor`, empty for all but devices.
        package var device = ""
        /// A symlink's text.
        package var target = ""
        /// The first path (in order) that is the same inode.
        package var sameAs = ""
        package var xattrs: [String: String] = [:]
        /// SHA-256 of a file's content in hex.
        package var content = ""
    }

    /// Paths without a leading slash; the root is `.`. Bytes that are not printable ASCII are shown as `\xNN`.
    package var entries: [String: Facts] = [:]

    package init() {}

    /// Walks a directory with lstat, readlink, llistxattr and the content of every file.
    ///
    /// The extended attribute names starting with one of `ignoring` are left out: those the machine adds by itself.
    package init(of directory: String, ignoring: [String] = ["security.selinux"]) throws {
        var walk = Walk(root: Array(directory.utf8), ignored: ignoring)
        try walk.visit([])
        entries = walk.entries
        markSameInodes(walk.inodes)
    }

    mutating func markSameInodes(_ inodes: [String: String]) {
        var first: [String: String] = [:]
        for path in entries.keys.sorted() where entries[path]?.type != "d" {
            guard let inode = inodes[path] else { continue }
            entries[path]?.sameAs = first[inode] ?? path
            first[inode] = first[inode] ?? path
        }
    }

    /// Bytes as text that is the same for the same bytes, UTF-8 or not.
    package static func shown(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            if byte >= 32, byte < 127 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// One walk over a real directory.
private struct Walk {
    let root: [UInt8]
    let ignored: [String]
    var entries: [String: TreeSnapshot.Facts] = [:]
    var inodes: [String: String] = [:]

    mutating func visit(_ path: [UInt8]) throws {
        let full = (root + (path.isEmpty ? [] : [UInt8(ascii: "/")] + path)).map { CChar(bitPattern: $0) } + [0]
        let key = path.isEmpty ? "." : TreeSnapshot.shown(path)
        var status = stat()
        guard lstat(full, &status) == 0 else { throw failed("lstat", key) }
        let type = Self.type(status.st_mode)
        var facts = TreeSnapshot.Facts(
            type: type, mode: status.st_mode & 0o7777, uid: status.st_uid, gid: status.st_gid,
            size: type == "d" ? 0 : Int64(status.st_size), seconds: Int64(status.st_mtim.tv_sec),
            nanoseconds: Int64(status.st_mtim.tv_nsec), linkCount: UInt64(status.st_nlink))
        if type == "c" || type == "b" { facts.device = Self.device(UInt64(status.st_rdev)) }
        facts.xattrs = try xattrs(full, key)
        inodes[key] = "\(status.st_dev):\(status.st_ino)"
        switch type {
        case "l":
            var target = [CChar](repeating: 0, count: 8192)
            let count = readlink(full, &target, target.count)
            guard count >= 0 else { throw failed("readlink", key) }
            facts.target = TreeSnapshot.shown(target.prefix(count).map { UInt8(bitPattern: $0) })
        case "-":
            facts.content = try hash(full, key)
        case "d":
            for name in try names(full, key) { try visit(path.isEmpty ? name : path + [UInt8(ascii: "/")] + name) }
        default:
            break
        }
        entries[key] = facts
    }

    private static func type(_ mode: mode_t) -> Character {
        switch mode & S_IFMT {
        case S_IFREG: "-"
        case S_IFDIR: "d"
        case S_IFLNK: "l"
        case S_IFCHR: "c"
        case S_IFBLK: "b"
        case S_IFIFO: "p"
        default: "s"
        }
    }

    /// glibc's packing of device numbers (makedev(3)).
    private static func device(_ number: UInt64) -> String {
        let major = (number >> 8 & 0xfff) | (number >> 32 & ~0xfff)
        let minor = (number & 0xff) | (number >> 12 & 0xffff_ff00)
        return "\(major):\(minor)"
    }

    private func names(_ path: [CChar], _ key: String) throws -> [[UInt8]] {
        guard let directory = opendir(path) else { throw failed("opendir", key) }
        defer { closedir(directory) }
        var names: [[UInt8]] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
        }
        return names
    }

    private func hash(_ path: [CChar], _ key: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("open", key) }
        defer { close(descriptor) }
        var hasher = ContentHasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw failed("read", key) }
            if count == 0 { return TreeSnapshot.hex(hasher.finish()) }
            hasher.update(Array(buffer.prefix(count)))
        }
    }

    private func xattrs(_ path: [CChar], _ key: String) throws -> [String: String] {
        var list = [CChar](repeating: 0, count: 65536)
        let count = llistxattr(path, &list, list.count)
        guard count >= 0 else {
            if errno == ENOTSUP { return [:] }
            throw failed("llistxattr", key)
        }
        var xattrs: [String: String] = [:]
        for name in list.prefix(count).split(separator: 0) {
            var value = [UInt8](repeating: 0, count: 65536)
            let length = lgetxattr(path, Array(name) + [0], &value, value.count)
            guard length >= 0 else { throw failed("lgetxattr", key) }
            let shown = TreeSnapshot.shown(name.map { UInt8(bitPattern: $0) })
            guard !ignored.contains(where: { shown.hasPrefix($0) }) else { continue }
            xattrs[shown] = TreeSnapshot.hex(Array(value.prefix(length)))
        }
        return xattrs
    }

    private func failed(_ call: String, _ key: String) -> Tool.Failure {
        Tool.Failure(description: "\(call) \(key): \(String(cString: strerror(errno)))")
    }
}
