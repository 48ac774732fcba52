internal import GRPC

/// Which users of the host those of a container are, as the labels `containerd.io/snapshot/uidmapping` and `…/gidmapping` tell it: lists
/// of `container:host:size`, with commas (specs/containerd.md 4).
struct IDMap: Sendable, Equatable {
    static let users = "containerd.io/snapshot/uidmapping"
    static let groups = "containerd.io/snapshot/gidmapping"

    /// As containerd wrote them, for the options of the mount: it reads them again itself.
    private let userRanges, groupRanges: String
    /// The host's ids of the container's root.
    let rootUser, rootGroup: UInt32

    /// - Returns: nil if the labels map nothing.
    /// - Throws: `RPCFailure.invalidArgument` if one of the two is missing, is no such list, or maps no root.
    init?(_ labels: SnapshotLabels) throws(RPCFailure) {
        switch (labels.values[Self.users], labels.values[Self.groups]) {
        case (nil, nil): return nil
        case (let users?, let groups?):
            (userRanges, groupRanges) = (users, groups)
            rootUser = try Self.root(of: users, Self.users)
            rootGroup = try Self.root(of: groups, Self.groups)
        case (nil, _): throw RPCFailure(.invalidArgument, "'\(Self.groups)' without '\(Self.users)'")
        case (_, nil): throw RPCFailure(.invalidArgument, "'\(Self.users)' without '\(Self.groups)'")
        }
    }

    /// containerd clones the lower directories with these ids, and mounts the overlay on the clones (specs/containerd.md 6).
    var mountOptions: [String] { ["uidmap=\(userRanges)", "gidmap=\(groupRanges)"] }

    private static func root(of ranges: String, _ label: String) throws(RPCFailure) -> UInt32 {
        var root: UInt32?
        for range in ranges.split(separator: ",", omittingEmptySubsequences: false) {
            let numbers = range.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
            // The highest id stands for "none" in the kernel.
            guard numbers.count == 3, let inside = numbers[0], let host = numbers[1], let size = numbers[2], size > 0,
                !inside.addingReportingOverflow(size).overflow, !host.addingReportingOverflow(size).overflow
            else {
                throw RPCFailure(.invalidArgument, "label '\(label)': '\(range.prefix(64))' is no container:host:size")
            }
            if inside == 0 { root = host }
        }
        guard let root else { throw RPCFailure(.invalidArgument, "label '\(label)' maps no root") }
        return root
    }
}
