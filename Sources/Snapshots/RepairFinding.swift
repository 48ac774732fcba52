package import OCI

/// Why containerd cannot use an image and cannot mend that by itself. An image may have two of these.
package struct RepairFinding: Sendable, Equatable {
    package enum Problem: Sendable, Equatable {
        /// containerd counts on snapshots that we have lost: whatever needs them fails for ever, pulls with "already exists". Chain IDs,
        /// lowest first.
        case lostSnapshots([Digest])
        /// The CRI does not list the image: containerd was started while its snapshotter was away.
        case unlisted
        /// A document of the image is not in the content store, or a layer that no snapshot stands for.
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

extension RepairFinding {
    var lostSnapshots: [Digest] {
        if case .lostSnapshots(let chains) = problem { chains } else { [] }
    }
}

extension RepairFinding: CustomStringConvertible {
    /// What is wrong, and what mending does.
    package var description: String {
        switch problem {
        case .lostSnapshots:
            "\(image): its snapshots are lost; containerd's records of them are removed, so that they can be made anew"
        case .unlisted:
            "\(image): is here and not listed, since containerd was started before imagelet; it is announced again"
        case .missingContent(let digest):
            "\(image): \(digest) is not in the content store; its record is deleted, so that the next pull brings it anew"
        }
    }
}

/// A lost snapshot that containerd keeps its record of, since containers stand on it; they have lost their root file systems, too.
package struct HeldSnapshot: Sendable, Equatable {
    package var chain: Digest
    /// The name of one image that needs it.
    package var image: String
}
