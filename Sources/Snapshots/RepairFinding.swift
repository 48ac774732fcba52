package import OCI

/// One image that containerd cannot use and cannot mend by itself.
package struct RepairFinding: Sendable, Equatable {
    package enum Problem: Sendable, Equatable {
        /// containerd has no snapshot of ours for the image, or took one that we have lost, and not the layers to unpack it anew: its
        /// pulls may fail with "already exists" for ever. Chain IDs, lowest first.
        case lostSnapshots([Digest])
        /// The CRI does not list the image: containerd was started while its snapshotter was away.
        case unlisted
        /// A document of the image is not in the content store.
        case missingContent(Digest)
    }

    /// The name of containerd's record.
    package var image: String
    package var problem: Problem

    package init(image: String, problem: Problem) {
        self.image = image
        self.problem = problem
    }
}

extension RepairFinding: CustomStringConvertible {
    /// What is wrong, and what mending does.
    package var description: String {
        switch problem {
        case .lostSnapshots:
            "\(image): its snapshots are lost; its record is deleted, so that the next pull brings it anew"
        case .unlisted:
            "\(image): is here and not listed, since containerd was started before imagelet; it is announced again"
        case .missingContent(let digest):
            "\(image): \(digest) is not in the content store; its record is deleted, so that the next pull brings it anew"
        }
    }
}
