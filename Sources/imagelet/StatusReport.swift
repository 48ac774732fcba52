internal import FoundationEssentials
internal import GRPC
internal import History
internal import Report

/// The daemon's status as `status` prints it.
struct StatusReport: Encodable {
    struct Daemon: Encodable {
        var version: String
        var processId: Int32
        var uptimeSeconds: Int64
        var runtime: String
        var directory: String
        var cacheBytes: UInt64
        var cacheInodes: UInt64
        var cache: Cache
    }

    /// How the cache stands towards its budget and the disk.
    struct Cache: Encodable {
        /// Nil: no bound.
        var maxBytes: UInt64?
        var freeBytes: UInt64
        var volumeBytes: UInt64
        var fillWaits: Bool
        var shortages: [String]
        /// Nil unless the disk is full.
        var fullDisk: String?
        /// Seconds since 1970.
        var fullDiskSince: Int64?

        init(_ facts: AdminCacheStatus) {
            maxBytes = facts.maxBytes > 0 ? facts.maxBytes : nil
            freeBytes = facts.freeBytes
            volumeBytes = facts.volumeBytes
            fillWaits = facts.fillWaits
            shortages = facts.shortages
            guard !facts.fullDisk.isEmpty else { return }
            (fullDisk, fullDiskSince) = (facts.fullDisk, facts.fullDiskSince)
        }

        /// A line for each thing that is wrong, with what to do.
        func complaints(now: Int64) -> [String] {
            var lines: [String] = []
            if let fullDisk, let fullDiskSince {
                let age = Measures.duration(seconds: max(0, now - fullDiskSince))
                lines.append(
                    """
                    disk full for \(age): \(fullDisk); what is read is still answered; free space, or see 'imagelet gc --dry-run'
                    """)
            }
            lines += shortages.map { "short of space: \($0)" }
            if fillWaits { lines.append("background fills wait until there is more space") }
            return lines
        }
    }

    struct Mount: Listed {
        var id: String
        var imageId: String
        var target: String

        static let columns: [Table.Column] = [.left("MOUNTED AT"), .left("IMAGE ID")]
        var row: [String] { [target.isEmpty ? "(being mounted)" : target, Measures.shortDigest(imageId)] }
    }

    var daemon: Daemon
    var images: [ImageReport]
    var mounts: [Mount]
    /// Of the one image that is asked for.
    var history: HistoryReport?

    init(_ answer: AdminStatusResponse) {
        let facts = answer.daemon
        daemon = Daemon(
            version: facts.version, processId: facts.processID, uptimeSeconds: facts.uptimeSeconds,
            runtime: facts.runtime, directory: facts.directory, cacheBytes: facts.cacheBytes,
            cacheInodes: facts.cacheInodes, cache: Cache(facts.cache))
        images = answer.images.map { ImageReport($0) }
        mounts = answer.mounts.map { Mount(id: $0.id, imageId: $0.imageID, target: $0.target) }
    }

    /// The daemon, then a row for each image and mount.
    var overview: String {
        get throws {
            var text = """
                imagelet \(daemon.version), process \(daemon.processId), \
                up \(Measures.duration(seconds: daemon.uptimeSeconds)), runtime \(daemon.runtime)
                \(daemon.directory): \(Measures.bytes(daemon.cacheBytes)) in \(daemon.cacheInodes) files\(bound)

                """
            let now = Int64(Date().timeIntervalSince1970)
            text += daemon.cache.complaints(now: now).map { "\($0)\n" }.joined()
            if !images.isEmpty { text += "\n" + (try Listing(items: images).rendered(as: .table)) }
            let complaints = images.compactMap { image in
                image.complaint.map { "\(image.names.first ?? image.id): \($0)\n" }
            }
            if !complaints.isEmpty { text += "\n" + complaints.joined() }
            if !mounts.isEmpty { text += "\n" + (try Listing(items: mounts).rendered(as: .table)) }
            return text
        }
    }

    private var bound: String { daemon.cache.maxBytes.map { ", at most \(Measures.bytes($0))" } ?? "" }

    /// Each image with its reasons and layers.
    var details: String {
        get throws {
            try images.map { image in
                var text = "\(image.names.first ?? image.id)\n"
                for name in image.names.dropFirst() { text += "  also: \(name)\n" }
                text += "  id: \(image.id)\n  strategy: \(image.strategy)\n"
                if let complaint = image.complaint { text += "  \(complaint)\n" }
                for reason in image.reasons { text += "  reason: \(reason)\n" }
                return text + "\n" + (try Listing(items: image.layers).rendered(as: .table))
            }.joined(separator: "\n") + past
        }
    }

    private var past: String {
        guard let history, !history.pulls.isEmpty else { return "" }
        return "\nThe last pull:\n\n" + HistoryText(report: history, most: 1).pulls
    }
}
