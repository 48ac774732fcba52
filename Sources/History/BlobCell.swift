/// What happened to one part of a blob. A layer has a fixed number of cells of equal length, however many segments it has.
///
/// In documents an array: first fetched, last fetched, read (seconds; -1: not), then bytes for reader, read-ahead, pull and fill.
package struct BlobCell: Sendable, Equatable {
    package var firstFetched: Moment?
    package var lastFetched: Moment?
    /// When something of it was first read. Of what nobody had to wait for that is when it was first seen, later by as much as reads are
    /// looked for rarely.
    package var read: Moment?
    /// Bytes of the blob that came, what came twice included.
    package var fetched = BytesByCause()

    package init() {}

    mutating func noteFetch(_ bytes: Int64, for cause: FetchCause, at moment: Moment) {
        firstFetched = min(firstFetched ?? moment, moment)
        lastFetched = max(lastFetched ?? moment, moment)
        fetched[cause] &+= bytes
        if cause == .reader { read = min(read ?? moment, moment) }
    }
}

extension BlobCell: Codable {
    package init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        func moment() throws -> Moment? {
            let seconds = try values.decode(Double.self)
            guard seconds >= 0 else { return nil }
            guard seconds < 1e12 else {
                throw DecodingError.dataCorruptedError(in: values, debugDescription: "no time")
            }
            return Moment(.microseconds(Int64((seconds * 1_000_000).rounded())))
        }
        (firstFetched, lastFetched, read) = (try moment(), try moment(), try moment())
        fetched = BytesByCause()
        for cause in FetchCause.allCases { fetched[cause] = try values.decode(Int64.self) }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        for moment in [firstFetched, lastFetched, read] { try values.encode(moment?.seconds ?? -1) }
        for cause in FetchCause.allCases { try values.encode(fetched[cause]) }
    }
}
