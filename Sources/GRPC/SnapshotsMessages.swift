package import FoundationEssentials
internal import SwiftProtobuf

// Google's well-known types inside messages, as values that those above this module can use.

extension SnapshotsInfo {
    /// `created_at`; 1970 if it is not set.
    package var created: Date {
        get { Date(createdAt) }
        set { createdAt = Google_Protobuf_Timestamp(newValue) }
    }

    /// `updated_at`; 1970 if it is not set.
    package var updated: Date {
        get { Date(updatedAt) }
        set { updatedAt = Google_Protobuf_Timestamp(newValue) }
    }
}

extension SnapshotsUpdateSnapshotRequest {
    /// The paths of `update_mask`: what of `info` counts. Empty: all that can be changed.
    package var updatePaths: [String] {
        get { updateMask.paths }
        set { updateMask.paths = newValue }
    }
}

extension Date {
    fileprivate init(_ timestamp: Google_Protobuf_Timestamp) {
        self.init(timeIntervalSince1970: Double(timestamp.seconds) + Double(timestamp.nanos) / 1e9)
    }
}

extension Google_Protobuf_Timestamp {
    /// Kept to the millisecond; the years 1 to 9999 are what a timestamp can say.
    fileprivate init(_ date: Date) {
        let range = -62_135_596_800_000.0...253_402_300_799_999
        let exact = date.timeIntervalSince1970 * 1000
        let milliseconds = Int64(min(max(exact.rounded(), range.lowerBound), range.upperBound))
        let seconds = Int64((Double(milliseconds) / 1000).rounded(.down))
        self.init(seconds: seconds, nanos: Int32(milliseconds - seconds * 1000) * 1_000_000)
    }
}
