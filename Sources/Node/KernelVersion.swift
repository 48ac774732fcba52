/// `6.18`, of what follows nothing counts.
package struct KernelVersion: Sendable, Comparable, CustomStringConvertible {
    /// Where a node tells it.
    package static let file = "/proc/sys/kernel/osrelease"
    /// The first that mounts FUSE with a user namespace's ids.
    package static let mappingFUSE = KernelVersion(6, 12)

    private let major: Int
    private let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The beginning of `6.18.44-cloud-amd64`.
    package init?(_ release: String) {
        let numbers = release.split(separator: ".", maxSplits: 2).prefix(2).map {
            Int($0.prefix { $0.isASCII && $0.isNumber })
        }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        self.init(major, minor)
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: KernelVersion, right: KernelVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
