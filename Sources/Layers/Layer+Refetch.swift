internal import OCI
internal import Synchronization

extension Layer {
    /// A proof that bytes can be had again counts for so many ticks, a refusal for fewer.
    private static let proofLife: UInt32 = 600
    private static let refusalLife: UInt32 = 30
    private static let patience = Duration.seconds(5)

    /// Whether what is given up can be had again, by ranges: what the source showed lately, else what it answers to being asked for two
    /// bytes. A registry that is away, has lost the blob, or refuses every credential we have, keeps what is here from being evicted.
    func isRefetchable() async -> Bool {
        let known = state.withLock { state -> Bool? in
            guard let (isPossible, tick) = state.refetch else { return nil }
            let age = parts.tick &- tick
            return age < (isPossible ? Self.proofLife : Self.refusalLife) ? isPossible : nil
        }
        if let known { return known }
        let size = description.blobSize
        guard size > 2 else { return false }
        let source = source
        let isPossible = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                // The last two: a source that can only send all from the start cannot answer this.
                do { try await source.read(size - 2..<size) { _ in } } catch { return false }
                return true
            }
            group.addTask { [clock = parts.options.clock] in
                try? await clock.sleep(for: Self.patience)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        state.withLock { $0.refetch = (isPossible, parts.tick) }
        return isPossible
    }
}
