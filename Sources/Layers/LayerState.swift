internal import LayerFormat
internal import OCI

/// What changes about a layer, behind its lock.
struct LayerState: Sendable {
    enum Condition: Sendable {
        case open
        case poisoned(String)
        case removed
    }

    /// How a wait ended.
    enum End: Sendable {
        case ready
        /// What was waited for was given up by others; ask again.
        case again
        case failed(any Error)
    }

    /// A request that was started.
    struct Running: Sendable {
        var ticket: TransferSchedule.Ticket?
        var breaker: Breaker
    }

    var condition = Condition.open
    var segments: SegmentStates
    var readAhead: ReadAhead
    var source: any BlobSource
    /// Checksums of what a restart left, by segment.
    var checksums: [Int: [UInt8]] = [:]
    var waiters: [SegmentStates.WantID: CheckedContinuation<End, Never>] = [:]
    /// Ends of waits that have not been parked yet.
    var ends: [SegmentStates.WantID: End] = [:]
    var running: [SegmentStates.RequestID: Running] = [:]
    var demand: Set<SegmentStates.WantID> = []
    var blobBytesFetched: Int64 = 0
    /// The last four bytes of the blob, if they came by.
    var trailer: [UInt8] = []
    /// See `Layer.isLent`.
    var isLent = true
    var isVerified = false
    /// That all is here is on record, synced.
    var isRecorded = false
    /// Work that is making the tar durable and will then note that it is.
    var recordings = 0
    /// When the tar was asked back in vain, in ticks.
    var recallRefusal: UInt32?
    /// Pulls that wait for all of the layer: what one of them has waited for must not leave before it has seen the whole.
    var completers = 0
    /// Whether bytes that are given up could be had again, as the source showed last, and at which tick.
    var refetch: (isPossible: Bool, tick: UInt32)?
    /// Why the diffID could not be checked, if so.
    var uncheckedReason: String?
    var trouble: String?
    /// The fill that runs, if one does.
    var fill: Breaker?
    var completion: Flight<Void>?

    mutating func end(_ wants: [SegmentStates.WantID], _ end: End) {
        for want in wants {
            demand.remove(want)
            if let waiter = waiters.removeValue(forKey: want) {
                waiter.resume(returning: end)
            } else {
                ends[want] = end
            }
        }
    }
}
