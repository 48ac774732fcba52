internal import Layers
internal import OCI
internal import Policy

/// Layers that must be here whole do not take the volume below what the kubelet evicts at. Only their compressed sizes are known before, so
/// what cannot fit is seen here; what turns out not to fit ends later (`Prefetch`).
extension LayerPreparer {
    /// Bytes at least that a decision fetches whole before the pull returns.
    func wholeBytes(_ layers: [Descriptor], _ decision: Decision) -> Int64 {
        let whole = Set(decision.layers.filter { $0.action == .prefetch }.map(\.digest))
        var seen: Set<Digest> = []
        return layers.filter { layer in
            whole.contains(layer.digest) && seen.insert(layer.digest).inserted
                && storage.store.progress(of: layer.digest)?.state != .complete
        }.reduce(0) { $0 + $1.size }
    }

    /// Whether so much may be written; cold segments are given up for it, but only where that is enough: `bytes` is what somebody claims.
    func hasRoom(for bytes: Int64) async throws -> Bool {
        guard bytes > 0 else { return true }
        let missing = bytes - (try storage.store.room())
        guard missing > 0 else { return true }
        let pinned = try storage.pinnedLayers()
        guard await storage.store.evictable(missing, except: pinned).bytes >= missing else { return false }
        _ = await storage.store.evict(missing, except: pinned)
        return try storage.store.room() >= bytes
    }

    /// - Throws: `ImageError.diskFull`, before anything is fetched.
    func makeRoom(for image: ResolvedImage, _ decision: Decision) async throws {
        let needed = wholeBytes(image.distinctLayers.map(\.descriptor), decision)
        guard try await !hasRoom(for: needed) else { return }
        throw ImageError(
            .diskFull,
            """
            \(image.reference) needs at least \(CacheBudget.text(needed)) for layers that must be here whole; \
            \(CacheBudget.text(max(0, try storage.store.room()))) are free above the kubelet's eviction threshold \
            (cache.evictionThreshold). Free space, or give the image an index so that it can stream
            """)
    }
}
