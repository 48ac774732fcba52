internal import GRPC
package import Images

/// What follows from the calls of an image service in front of a runtime, and depends on which runtime it is.
package struct Bookkeeping: Sendable {
    /// Called with a name that the runtime has removed.
    let forget: @Sendable (String) async throws -> Void
    /// What our store takes on the disk.
    let usage: @Sendable () async throws -> StoreUsage
    /// Adds that to what the runtime tells of its file systems.
    let count: @Sendable ([CRIFilesystemUsage], StoreUsage) -> [CRIFilesystemUsage]

    /// In front of containerd: layers go when its garbage collection has let go of their snapshots. Of our snapshotter's file system it
    /// knows nothing, and says so by a directory that need not exist.
    package static func snapshots(
        _ catalog: ImageCatalog, usage: @escaping @Sendable () async throws -> StoreUsage
    ) -> Bookkeeping {
        Bookkeeping(forget: { try await catalog.forget($0) }, usage: usage, count: replacing)
    }

    /// In front of a runtime on containers/storage, which counts its own store alone.
    package static func listing(_ layers: ListedLayers, _ catalog: ImageCatalog) -> Bookkeeping {
        Bookkeeping(
            forget: { name in
                // With one of its names an image need not be gone.
                try catalog.forgetPull(name)
                await layers.settle()
            }, usage: { try await catalog.usage() }, count: adding)
    }

    // Kubelet looks at the first entry only.

    /// Ours replaces what stands for our snapshotter, and follows what stands for others.
    static func replacing(_ told: [CRIFilesystemUsage], _ usage: StoreUsage) -> [CRIFilesystemUsage] {
        let ours = CRIFilesystemUsage(usage, timestamp: told.first?.timestamp ?? 0)
        var result = told
        let position = told.firstIndex {
            $0.fsID.mountpoint == usage.mountpoint || $0.fsID.mountpoint.hasSuffix(unexportedRoot)
        }
        if let position { result[position] = ours } else { result.append(ours) }
        return result
    }

    /// Ours is added to the first entry.
    static func adding(_ told: [CRIFilesystemUsage], _ usage: StoreUsage) -> [CRIFilesystemUsage] {
        var result = told
        guard !result.isEmpty else { return [CRIFilesystemUsage(usage, timestamp: 0)] }
        result[0].usedBytes.value &+= UInt64(clamping: usage.bytes)
        result[0].inodesUsed.value &+= UInt64(clamping: usage.inodes)
        return result
    }

    /// What containerd names if a proxy snapshotter exports no root (specs/containerd.md 8).
    private static let unexportedRoot = "/io.containerd.snapshotter.v1." + ContainerRuntime.snapshotter
}
