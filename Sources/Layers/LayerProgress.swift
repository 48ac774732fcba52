/// How much of a layer is here.
package struct LayerProgress: Sendable, Equatable {
    package enum State: Sendable, Hashable, CaseIterable {
        /// Being fetched whole; not readable yet, and `contentSize` and `segmentCount` are not known (0).
        case prefetching
        /// Readable; what is missing is fetched when it is asked for.
        case streaming
        /// All of it is here.
        case complete
        /// Its table of contents was shown to be wrong; nothing of it is served.
        case poisoned
    }

    /// Bytes of the tar that can be read without the source.
    package var contentPresent: Int64
    package var contentSize: Int64
    /// Bytes that came from the source since the daemon started, what had to be fetched again included.
    package var blobBytesFetched: Int64
    package var blobSize: Int64
    /// Segments with content that are here, of all that have any.
    package var segmentsPresent: Int
    package var segmentCount: Int
    /// Reads that wait for the source now.
    package var waiting: Int
    package var state: State
    /// The diffID held when the tar was complete. False while incomplete, and where the digest could not be checked.
    package var isVerified: Bool
    /// What keeps the layer from getting on now, such as a full disk or an unreachable source.
    package var trouble: String?

    package init(
        contentPresent: Int64 = 0, contentSize: Int64 = 0, blobBytesFetched: Int64 = 0, blobSize: Int64,
        segmentsPresent: Int = 0, segmentCount: Int = 0, waiting: Int = 0, state: State, isVerified: Bool = false,
        trouble: String? = nil
    ) {
        self.contentPresent = contentPresent
        self.contentSize = contentSize
        self.blobBytesFetched = blobBytesFetched
        self.blobSize = blobSize
        self.segmentsPresent = segmentsPresent
        self.segmentCount = segmentCount
        self.waiting = waiting
        self.state = state
        self.isVerified = isVerified
        self.trouble = trouble
    }
}
