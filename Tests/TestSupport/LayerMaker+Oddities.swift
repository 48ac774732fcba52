extension LayerMaker {
    /// One layer that holds every oddity that GNU tar (`tar -x --xattrs --xattrs-include='*' -p --same-owner`) can unpack, so that
    /// its unpack is the truth for it. Whiteouts come out of GNU tar as plain files: see `TreeSnapshot.convertingWhiteouts`.
    /// - Parameters:
    ///   - forContainerd: leaves out what containerd's unpack refuses or makes something else of.
    ///   - hasDuplicates: whether names occur twice, which containers/storage refuses.
    ///   - isAligned: sparse files have only pieces of whole blocks.
    package static func oddities(forContainerd: Bool = false, hasDuplicates: Bool = true, isAligned: Bool = false)
        -> LayerMaker
    {
        var layer = LayerMaker()
        if !forContainerd {
            layer.tar.append(records: [("comment", Array("as git archive makes it".utf8))], flag: "g")
        }
        layer.directory("./", Attributes(mode: 0o755, seconds: 1_600_000_000))
        layer.addNames(forContainerd)
        layer.addOwnersAndTimes(forContainerd)
        layer.addLinks()
        if hasDuplicates { layer.addDuplicates() }
        layer.addSpecialFiles()
        layer.addSparseFiles(forContainerd, isAligned)
        layer.addMarks(forContainerd)
        return layer
    }

    /// Whether a path of `oddities` gets the moment of the unpack as its time in GNU tar's unpack: parents that no entry names, and two
    /// directories that GNU tar writes into after it has set their times.
    package static func hasUncertainTime(_ path: String) -> Bool {
        let parents = [
            "names", "names/pax", "names/gnu", "names/prefix", "links/real", "no", "no/entry", "no/entry/names",
            "no/entry/names/these",
        ]
        let isLongParent = path.hasPrefix("names/pax/0") || path.hasPrefix("names/gnu/0")
        return parents.contains(path) || isLongParent && path.split(separator: "/").count < 10
    }

    private mutating func addNames(_ forContainerd: Bool) {
        directory("names", Attributes(seconds: 1_650_000_000))
        file("./names/dotted", "dotted\n")
        file("/names/absolute", "absolute\n")
        file("names//double", "double\n")
        file("names/\u{e9}\u{4e16}", "unicode\n")
        var bytes = TarBytes.Header("names/not-utf8-".utf8 + [0xff, 0xfe], flag: "0")
        bytes.size = 3
        tar.append(bytes)
        tar.append(content: Array("raw".utf8))
        let long = (0..<8).map { String(repeating: Character(String($0)), count: 200) }.joined(separator: "/")
        file("names/pax/" + long, "a long name by PAX\n")
        tar.append(long: Array(("names/gnu/" + long).utf8), flag: "L")
        file("names/gnu/cut", "a long name by GNU\n")
        tar.append(long: Array(("target/" + long).utf8), flag: "K")
        symlink("names/longlink", to: "cut")
        symlink("names/paxlink", to: "pax/" + long)
        // ustar: the front part of the name lies in the prefix field.
        var split = TarBytes.Header("split".utf8, flag: "0")
        split.prefix = Array("names/prefix".utf8)
        tar.append(split)
        // GNU headers keep times there, which are no part of the name.
        var gnu = TarBytes.Header("names/gnutimes".utf8, flag: "0")
        gnu.magic = TarBytes.Header.gnuMagic
        gnu.prefix = Array("14524000000\u{0}14524000000\u{0}".utf8)
        tar.append(gnu)
        var old = TarBytes.Header("names/v7".utf8, flag: "\u{0}")
        (old.magic, old.size) = ([], 2)
        tar.append(old)
        tar.append(content: Array("v7".utf8))
        var oldDirectory = TarBytes.Header("names/v7dir/".utf8, flag: "\u{0}")
        (oldDirectory.magic, oldDirectory.mode) = ([], 0o750)
        tar.append(oldDirectory)
        file("no/entry/names/these/parents", "made up\n")
        if forContainerd { return }
        var contiguous = TarBytes.Header("names/contiguous".utf8, flag: "7")
        contiguous.size = 600
        tar.append(contiguous)
        tar.append(content: [UInt8](repeating: 7, count: 600))
    }

    private mutating func addOwnersAndTimes(_ forContainerd: Bool) {
        directory("owners", Attributes(mode: 0o1777, uid: 7, gid: 8, seconds: 1_650_000_001))
        file("owners/big", "x", Attributes(uid: 3_000_000, gid: 2_999_999_999))
        tar.append(records: [("uid", Array("4000000000".utf8)), ("gid", Array("77".utf8)), ("uname", [])])
        file("owners/pax", "x")
        file("owners/setuid", "x", Attributes(mode: 0o4755))
        file("owners/setgid", "x", Attributes(mode: 0o2711, gid: 5))
        file("owners/none", "", Attributes(mode: 0))
        file("owners/nanoseconds", "x", Attributes(nanoseconds: 123_456_789))
        file("owners/after2106", "x", Attributes(seconds: 5_000_000_000))
        file(
            "owners/xattrs", "x",
            Attributes(xattrs: [("user.note", Array("hi".utf8)), ("user.empty", []), ("user.bytes", [0, 10, 255, 61])]))
        file("owners/capable", "x", Attributes(mode: 0o755, xattrs: [("security.capability", Self.netRaw)]))
        directory("owners/xattrdir", Attributes(xattrs: [("user.dir", Array("d".utf8))]))
        // Containerd takes times before 1970 for 1970, leaves out what is trusted, and does not know how GNU tar escapes.
        if forContainerd { return }
        file("owners/before1970", "x", Attributes(seconds: -100_000))
        file("owners/before1970paxed", "x", Attributes(seconds: -3, nanoseconds: 250_000_000))
        directory("owners/trusted", Attributes(xattrs: [("trusted.own", [1])]))
        // A key ends at its first `=`, so GNU tar escapes those of a name.
        file("owners/escaped", "x", Attributes(xattrs: [("user.a%3Db%25c", Array("=".utf8))]))
    }

    /// `cap_net_raw+ep` as `security.capability` keeps it.
    package static let netRaw: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    private mutating func addLinks() {
        directory("links")
        file("links/first", "linked\n", Attributes(mode: 0o640))
        // Containerd applies the mode of every link, GNU tar only that of the file.
        let linked = Attributes(mode: 0o640)
        hardlink("links/second", to: "links/first", linked)
        hardlink("links/third", to: "./links/second", linked)
        hardlink("links/absolute", to: "/links/first", linked)
        // POSIX pax lets a hard link carry its file's size; no content follows.
        var sized = TarBytes.Header("links/sized".utf8, flag: "1")
        (sized.linkName, sized.size, sized.mode) = (Array("links/first".utf8), 7, 0o640)
        tar.append(sized)
        symlink("links/dangling", to: "/no/such/place")
        symlink("links/up", to: "../names/dotted")
        hardlink("links/symlinked", to: "links/up")
        directory("links/real", Attributes(mode: 0o700))
        symlink("links/way", to: "real")
        file("links/way/through", "written through a symlink\n")
        hardlink("links/otherway", to: "links/way/through")
    }

    private mutating func addDuplicates() {
        directory("twice", Attributes(mode: 0o700, xattrs: [("user.first", [1])]))
        file("twice/file", "the first\n")
        hardlink("twice/keeps", to: "twice/file")
        file("twice/file", "the second, longer\n", Attributes(mode: 0o600))
        file("twice/becomesdirectory", "x")
        directory("twice/becomesdirectory")
        file("twice/becomesdirectory/inside", "y")
        directory("twice", Attributes(mode: 0o711, uid: 3, seconds: 1_660_000_000, xattrs: [("user.second", [2])]))
        symlink("twice/link", to: "file")
        file("twice/link", "no longer a link")
    }

    private mutating func addSpecialFiles() {
        directory("dev")
        device("dev/null", major: 1, minor: 3, Attributes(mode: 0o666))
        device("dev/high", major: 300, minor: 70_000)
        device("dev/block", flag: "4", major: 8, minor: 1, Attributes(mode: 0o660, gid: 6))
        fifo("dev/pipe", Attributes(mode: 0o622))
        file("dev/empty", [])
    }

    private mutating func addMarks(_ forContainerd: Bool) {
        directory("marks")
        whiteout("marks/gone")
        if !forContainerd {
            file("marks/here", "a real entry wins")
            whiteout("marks/here")
        }
        directory("marks/opaque")
        opaque("marks/opaque")
        file("marks/opaque/inside", "i")
    }
}
