extension TreeSnapshot {
    /// What a comparison leaves out.
    package struct Exceptions: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// Link counts of directories: some file systems do not count subdirectories.
        package static let directoryLinkCounts = Exceptions(rawValue: 1)
        /// Times of directories: those that no entry of the layer names have the time of their making.
        package static let directoryTimes = Exceptions(rawValue: 2)
        /// Times of symlinks: some tools do not set them.
        package static let symlinkTimes = Exceptions(rawValue: 4)
    }

    /// A line a difference, empty if there is none: what `self` (expected) and `other` (found) disagree about.
    package func differences(
        from other: TreeSnapshot, except exceptions: Exceptions = [.directoryLinkCounts]
    ) -> [String] {
        var lines: [String] = []
        for path in Set(entries.keys).union(other.entries.keys).sorted() {
            guard let expected = entries[path] else {
                lines.append("\(path): not expected, but there")
                continue
            }
            guard let found = other.entries[path] else {
                lines.append("\(path): missing (\(expected.type))")
                continue
            }
            lines += Self.differences(path, expected, found, exceptions)
        }
        return lines
    }

    private static func differences(
        _ path: String, _ expected: Facts, _ found: Facts, _ exceptions: Exceptions
    ) -> [String] {
        var lines: [String] = []
        func compare(_ what: String, _ one: some CustomStringConvertible, _ other: some CustomStringConvertible) {
            guard one.description != other.description else { return }
            lines.append("\(path): \(what) is \(other), expected \(one)")
        }
        let isDirectory = expected.type == "d"
        compare("type", expected.type, found.type)
        compare("mode", String(expected.mode, radix: 8), String(found.mode, radix: 8))
        compare("owner", "\(expected.uid):\(expected.gid)", "\(found.uid):\(found.gid)")
        compare("size", expected.size, found.size)
        let ignoresTime =
            isDirectory && exceptions.contains(.directoryTimes)
            || expected.type == "l" && exceptions.contains(.symlinkTimes)
        if !ignoresTime {
            compare(
                "time", "\(expected.seconds) + \(expected.nanoseconds) ns",
                "\(found.seconds) + \(found.nanoseconds) ns")
        }
        if !isDirectory || !exceptions.contains(.directoryLinkCounts) {
            compare("link count", expected.linkCount, found.linkCount)
        }
        compare("device", expected.device, found.device)
        compare("target", expected.target, found.target)
        compare("inode", expected.sameAs, found.sameAs)
        compare("content", expected.content, found.content)
        for name in Set(expected.xattrs.keys).union(found.xattrs.keys).sorted() {
            compare("xattr \(name)", expected.xattrs[name] ?? "not there", found.xattrs[name] ?? "not there")
        }
        return lines
    }

    /// A plain unpack as an overlay lower directory would have it: `.wh.` files become 0:0 devices or the opaque attribute.
    package func convertingWhiteouts() -> TreeSnapshot {
        var converted = TreeSnapshot()
        converted.entries = entries.filter { !$0.key.split(separator: "/").contains { $0.hasPrefix(".wh.") } }
        for (path, facts) in entries {
            let parts = path.split(separator: "/").map(String.init)
            guard let name = parts.last, name.hasPrefix(".wh."),
                !parts.dropLast().contains(where: { $0.hasPrefix(".wh.") })
            else { continue }
            let directory = parts.dropLast().isEmpty ? "." : parts.dropLast().joined(separator: "/")
            let hidden = (parts.dropLast() + [String(name.dropFirst(4))]).joined(separator: "/")
            if name == ".wh..wh..opq" {
                converted.entries[directory]?.xattrs["trusted.overlay.opaque"] = "79"
            } else if name.hasPrefix(".wh..wh.") {
                continue
            } else if converted.entries[hidden]?.type == "d" {
                converted.entries[hidden]?.xattrs["trusted.overlay.opaque"] = "79"
            } else if converted.entries[hidden] == nil {
                converted.entries[hidden] = Facts(
                    type: "c", mode: 0, uid: 0, gid: 0, size: 0, seconds: facts.seconds, nanoseconds: facts.nanoseconds,
                    linkCount: 1, device: "0:0", sameAs: hidden)
            }
        }
        return converted
    }
}
