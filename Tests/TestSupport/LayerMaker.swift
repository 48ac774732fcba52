/// Makes layers for tests: a tar in the PAX format, entry by entry, in the order given and with nothing added.
///
///     var layer = LayerMaker()
///     layer.directory("etc/")
///     layer.file("etc/motd", "hello\n")
///     let blob = try layer.gzip()
package struct LayerMaker: Sendable {
    /// What all kinds of entries have in common.
    package struct Attributes: Sendable {
        package var mode: UInt32?
        package var uid: Int64
        package var gid: Int64
        package var seconds: Int64
        package var nanoseconds: UInt32
        /// Extended attributes by their full names, such as `user.note`.
        package var xattrs: [(name: String, value: [UInt8])]

        package init(
            mode: UInt32? = nil, uid: Int64 = 0, gid: Int64 = 0, seconds: Int64 = 1_700_000_000,
            nanoseconds: UInt32 = 0, xattrs: [(name: String, value: [UInt8])] = []
        ) {
            self.mode = mode
            self.uid = uid
            self.gid = gid
            self.seconds = seconds
            self.nanoseconds = nanoseconds
            self.xattrs = xattrs
        }
    }

    /// The bytes so far; for odd entries, append to it.
    package var tar = TarBytes()

    package init() {}

    /// A layer of one file.
    package static func single(_ name: String, _ text: String) -> LayerMaker {
        var layer = LayerMaker()
        layer.file(name, text)
        return layer
    }

    package mutating func directory(_ name: String, _ attributes: Attributes = Attributes()) {
        append(TarBytes.Header(name.utf8, flag: "5"), attributes, mode: 0o755)
    }

    package mutating func file(_ name: String, _ content: [UInt8], _ attributes: Attributes = Attributes()) {
        var header = TarBytes.Header(name.utf8, flag: "0")
        header.size = Int64(content.count)
        append(header, attributes, mode: 0o644)
        tar.append(content: content)
    }

    package mutating func file(_ name: String, _ text: String, _ attributes: Attributes = Attributes()) {
        file(name, Array(text.utf8), attributes)
    }

    package mutating func symlink(_ name: String, to target: String, _ attributes: Attributes = Attributes()) {
        var header = TarBytes.Header(name.utf8, flag: "2")
        header.linkName = Array(target.utf8)
        append(header, attributes, mode: 0o777)
    }

    /// - Parameter target: the target's name in the tar.
    package mutating func hardlink(_ name: String, to target: String, _ attributes: Attributes = Attributes()) {
        var header = TarBytes.Header(name.utf8, flag: "1")
        header.linkName = Array(target.utf8)
        append(header, attributes, mode: 0o644)
    }

    /// - Parameter flag: `3` for a character, `4` for a block device.
    package mutating func device(
        _ name: String, flag: Character = "3", major: Int64, minor: Int64, _ attributes: Attributes = Attributes()
    ) {
        var header = TarBytes.Header(name.utf8, flag: flag)
        (header.deviceMajor, header.deviceMinor) = (major, minor)
        append(header, attributes, mode: 0o600)
    }

    package mutating func fifo(_ name: String, _ attributes: Attributes = Attributes()) {
        append(TarBytes.Header(name.utf8, flag: "6"), attributes, mode: 0o644)
    }

    /// Hides `name` of lower layers.
    package mutating func whiteout(_ name: String) {
        var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        parts[parts.count - 1] = ".wh." + parts[parts.count - 1]
        file(parts.joined(separator: "/"), [])
    }

    /// Hides all that lower layers have in `directory`; the empty name is the root.
    package mutating func opaque(_ directory: String) {
        file(directory.isEmpty ? ".wh..wh..opq" : directory + "/.wh..wh..opq", [])
    }

    /// The tar with its end mark.
    package func finished() -> [UInt8] {
        var tar = tar
        tar.appendEnd()
        return tar.bytes
    }

    /// The tar as a layer blob, compressed by a real tool: `gzip -n`, `pigz`, `igzip` …
    package func gzip(_ command: [String] = ["gzip", "-n"]) throws -> [UInt8] {
        try Tool.check(command + ["-c"], input: finished())
    }

    private mutating func append(_ header: TarBytes.Header, _ attributes: Attributes, mode: UInt32) {
        var header = header
        header.mode = attributes.mode ?? mode
        (header.uid, header.gid, header.seconds) = (attributes.uid, attributes.gid, attributes.seconds)
        var records = attributes.xattrs.map { (key: "SCHILY.xattr." + $0.name, value: $0.value) }
        if header.name.count > 100 { records.append(("path", header.name)) }
        if header.linkName.count > 100 { records.append(("linkpath", header.linkName)) }
        if attributes.nanoseconds > 0 { records.append(("mtime", Self.time(attributes))) }
        if !records.isEmpty { tar.append(records: records) }
        tar.append(header)
    }

    private static func time(_ attributes: Attributes) -> [UInt8] {
        // PAX counts the fraction away from zero, nanoseconds count upwards from the second.
        let isNegative = attributes.seconds < 0
        let whole = isNegative ? -(attributes.seconds + 1) : attributes.seconds
        let fraction = isNegative ? 1_000_000_000 - attributes.nanoseconds : attributes.nanoseconds
        let digits = String(fraction)
        let zeros = String(repeating: "0", count: 9 - digits.count)
        return Array(((isNegative ? "-" : "") + String(whole) + "." + zeros + digits).utf8)
    }
}
