internal import GRPC

/// Who sees to it that files belong to the users of a pod that has a user namespace.
package enum Ownership: Sendable {
    /// containerd, which copies the image up with other owners, and tells the ids of the copy in the same labels.
    case ofTheRuntime
    /// The kernel, as containerd mounts: containerd was told of the capability `remap-ids`.
    case mapped
    /// containerd was told so, and the kernel cannot.
    case impossible

    /// - Returns: what a mount has to map; nil: nothing.
    /// - Throws: `RPCFailure`: `invalidArgument` for labels that are no mapping, `failedPrecondition` if the kernel cannot.
    func ids(_ labels: SnapshotLabels) throws(RPCFailure) -> IDMap? {
        guard self != .ofTheRuntime, let ids = try IDMap(labels) else { return nil }
        guard self == .mapped else {
            throw RPCFailure(
                .failedPrecondition,
                """
                this kernel does not map ids of FUSE (Linux 6.12 does): take the capability remap-ids from containerd's proxy plugin \
                and idMappedMounts from imagelet's configuration, and containerd copies images for user namespaces
                """)
        }
        return ids
    }
}
