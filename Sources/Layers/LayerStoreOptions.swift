/// What can be tuned in the layer store. ``LayerStore/adjust(_:)`` says what may change while it works.
package struct LayerStoreOptions: Sendable {
    /// A read that gets nothing from its source for so long fails.
    package var readTimeout: Duration = .seconds(30)
    /// A read that gets too little fails after so long whatever trickles in.
    package var readDeadline: Duration = .seconds(300)
    /// Whether layers are filled in the background; while not, fills that have begun wait.
    package var fills = true
    /// The background fill starts when no read has waited for so long.
    package var fillQuietPeriod: Duration = .seconds(10)
    /// A fill that failed tries again after so long.
    package var fillRetryDelay: Duration = .seconds(30)
    /// Transfers that may run at a time; more urgent ones are not held up by less urgent ones.
    package var maxTransfers = 8
    /// Of these, how many one layer may have.
    package var maxTransfersPerLayer = 4
    /// A transfer in which nothing moved for so long is not counted among these: others use its place.
    package var stuckAfter: Duration = .seconds(2)
    /// Background transfers that may run at a time.
    package var maxFillTransfers = 2
    /// Compressed bytes of one demand request; neighbouring misses are merged up to here.
    package var maxRequestBytes: Int64 = 16 << 20
    /// Compressed bytes of one background request: short, so that a reader who joins it does not wait long.
    package var fillRequestBytes: Int64 = 4 << 20
    /// Compressed bytes of one piece when a whole blob is fetched in parallel.
    package var prefetchPieceBytes: Int64 = 8 << 20
    /// Pieces of one blob that are fetched at a time; the bound of its memory is this many pieces.
    package var prefetchPieces = 3
    /// The furthest a sequential reader is read ahead of, in bytes of content.
    package var maxReadAhead: Int64 = 32 << 20
    /// Bytes of decoded segments kept in memory while the disk is full.
    package var heldBytes: Int64 = 32 << 20
    /// What whole layers that are fetched leave free on the volume; beyond it they fail, having kept nothing.
    package var reserve = VolumeShare.bytes(0)
    /// Bytes that are written between two signals of growth.
    package var growthStep = 32 << 20
    /// A segment that was used in the last so many ticks, of a second each, is not evicted: whoever waited for it is about to read it.
    package var evictionGrace: UInt32 = 2
    /// Threads that decode, hash and write; nil: one a core, at least two.
    package var threads: Int?
    /// What sleeps are measured with.
    package var clock: any Clock<Duration> = ContinuousClock()
    package var metrics = LayerMetrics()
    package var observer: (any LayerObserver)?

    package init() {}
}
