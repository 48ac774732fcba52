internal import Linux

/// The one mount that gives a snapshot's content (specs/containerd.md 6). containerd makes it, in the host's namespace.
struct MountPlan: Sendable, Equatable {
    var type: String
    var source: String
    var options: [String]

    /// The mount of an active snapshot.
    /// - Parameters:
    ///   - lower: directories of what it stands on, top first.
    ///   - ids: whose files they are to be in the container; nil: the host's.
    ///   - hasIndex: whether overlayfs knows `index`; off it avoids stale handles when layers are made again.
    init(writing upper: String, work: String, over lower: [String], ids: IDMap?, hasIndex: Bool) {
        let lower = Self.distinct(lower)
        if lower.isEmpty {
            self.init(type: "bind", source: upper, options: ["rw", "rbind"])
        } else {
            self.init(
                overlay: (ids?.mountOptions ?? [])
                    + ["workdir=\(Overlay.option(work))", "upperdir=\(Overlay.option(upper))"], lower, hasIndex)
        }
    }

    /// The mount of a view.
    /// - Parameter lower: top first; at least one.
    init(viewing lower: [String], hasIndex: Bool) {
        let lower = Self.distinct(lower)
        if lower.count == 1 {
            // overlayfs takes no single lower directory.
            self.init(type: "bind", source: lower[0], options: ["ro", "rbind"])
        } else {
            self.init(overlay: [], lower, hasIndex)
        }
    }

    private init(overlay options: [String], _ lower: [String], _ hasIndex: Bool) {
        self.init(
            type: "overlay", source: "overlay",
            options: (hasIndex ? ["index=off"] : []) + options + ["lowerdir=\(Overlay.lowerOption(lower))"])
    }

    private init(type: String, source: String, options: [String]) {
        self.type = type
        self.source = source
        self.options = options
    }

    /// A layer may occur twice in an image, and overlayfs refuses one directory twice (ELOOP). The upper occurrence hides the lower
    /// one wholly: whatever lies between them is hidden by the same names.
    private static func distinct(_ directories: [String]) -> [String] {
        var seen: Set<String> = []
        return directories.filter { seen.insert($0).inserted }
    }
}
