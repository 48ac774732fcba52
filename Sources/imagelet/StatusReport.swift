internal import GRPC

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

    init(_ answer: AdminStatusResponse) {
        let facts = answer.daemon
        daemon = Daemon(
            version: facts.version, processId: facts.processID, uptimeSeconds: facts.uptimeSeconds,
            runtime: facts.runtime, directory: facts.directory, cacheBytes: facts.cacheBytes,
            cacheInodes: facts.cacheInodes)
        images = answer.images.map { ImageReport($0) }
        mounts = answer.mounts.map { Mount(id: $0.id, imageId: $0.imageID, target: $0.target) }
    }

    /// The daemon, then a row for each image and mount.
    var overview: String {
        get throws {
            var text = """
                imagelet \(daemon.version), process \(daemon.processId), \
                up \(Measures.duration(seconds: daemon.uptimeSeconds)), runtime \(daemon.runtime)
                \(daemon.directory): \(Measures.bytes(daemon.cacheBytes)) in \(daemon.cacheInodes) files

                """
            if !images.isEmpty { text += "\n" + (try Listing(items: images).rendered(as: .table)) }
            let complaints = images.compactMap { image in
                image.complaint.map { "\(image.names.first ?? image.id): \($0)\n" }
            }
            if !complaints.isEmpty { text += "\n" + complaints.joined() }
            if !mounts.isEmpty { text += "\n" + (try Listing(items: mounts).rendered(as: .table)) }
            return text
        }
    }

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
            }.joined(separator: "\n")
        }
    }
}
