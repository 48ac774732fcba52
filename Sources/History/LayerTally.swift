package import OCI

/// What one layer did in a start.
package struct LayerTally: Sendable, Equatable, Codable {
    package var digest: Digest
    /// Bytes of the blob.
    package var blobSize: Int64
    /// What was to be done about it: `stream` or `prefetch`.
    package var plan: String
    /// Whether it was here when the start began.
    package var wasHere: Bool
    /// When all of it was here; nil before that, and if it was here from the beginning.
    package var complete: Moment?
    /// Bytes of the blob that came, what came twice included.
    package var fetched = BytesByCause()
    /// From the blob's first byte to its last, all of one length but the last.
    package private(set) var cells: [BlobCell]

    package init(digest: Digest, blobSize: Int64, plan: String, wasHere: Bool, cells: Int) {
        self.digest = digest
        self.blobSize = blobSize
        self.plan = plan
        self.wasHere = wasHere
        self.cells = Array(repeating: BlobCell(), count: max(1, cells))
    }

    /// Bytes of the blob in one cell; at least 1.
    package var cellLength: Int64 { max(1, (blobSize + Int64(cells.count) - 1) / Int64(cells.count)) }

    /// - Parameter range: of the blob; what lies outside of it counts for the nearest cell.
    mutating func noteFetch(_ range: Range<Int64>, for cause: FetchCause, at moment: Moment) {
        guard !range.isEmpty else { return }
        fetched[cause] &+= Int64(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let cell = min(max(0, Int(position / cellLength)), cells.count - 1)
            let end = cell == cells.count - 1 ? range.upperBound : min(range.upperBound, Int64(cell + 1) * cellLength)
            guard end > position else { return }
            cells[cell].noteFetch(end - position, for: cause, at: moment)
            position = end
        }
    }

    /// - Parameter isRead: for each cell, whether something of it has been read.
    /// - Returns: whether that is news.
    mutating func noteReads(_ isRead: [Bool], at moment: Moment) -> Bool {
        var isNews = false
        for (cell, isRead) in zip(cells.indices, isRead) where isRead && cells[cell].read == nil {
            cells[cell].read = moment
            isNews = true
        }
        return isNews
    }
}
