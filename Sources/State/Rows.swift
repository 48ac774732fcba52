internal import FoundationEssentials
internal import GRDB
internal import OCI

// How records are read from rows. Nothing read is trusted: a column of the wrong form is an error, never a trap.

extension Row {
    func digest(_ column: String) throws -> Digest { try Digest(decode(String.self, forColumn: column)) }

    func bytes(_ column: String) throws -> [UInt8] { try [UInt8](decode(Data.self, forColumn: column)) }

    func date(_ column: String) throws -> Date { try Date(milliseconds: decode(Int64.self, forColumn: column)) }
}

extension Date {
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// Milliseconds since 1970, rounded; a time too far away for that is the nearest there is.
    var milliseconds: Int64 {
        let exact = (timeIntervalSince1970 * 1000).rounded()
        return Int64(exactly: exact) ?? (exact < 0 ? .min : .max)
    }
}

extension LayerRecord {
    init(_ row: Row) throws {
        self.init(
            digest: try row.digest("digest"),
            slot: try row.decode(UInt32.self, forColumn: "slot"),
            size: try row.decode(Int64.self, forColumn: "size"),
            diffID: try row.digest("diffID"),
            compression: try row.decode(String.self, forColumn: "compression"),
            source: try row.decode(String.self, forColumn: "source"),
            poisoned: try row.decode(String?.self, forColumn: "poisoned"),
            isComplete: try row.decode(Bool.self, forColumn: "complete"))
    }
}

extension CredentialRecord {
    init(_ row: Row) throws {
        self.init(
            image: try row.digest("image"),
            repository: try row.decode(String.self, forColumn: "repository"),
            chain: try row.decode(String?.self, forColumn: "chain").map { try Digest($0) },
            sealed: try row.bytes("sealed"))
    }
}

extension MountRecord {
    init(_ row: Row) throws {
        self.init(
            id: try row.decode(String.self, forColumn: "id"),
            imageID: try row.digest("image"),
            target: try row.decode(String.self, forColumn: "target"),
            upperDirectory: try row.decode(String.self, forColumn: "upperDirectory"),
            createdAt: try row.date("createdAt"))
    }
}

extension ImageRecord {
    /// All but names and layers, which stand in tables of their own.
    init(_ row: Row) throws {
        let user: ImageUser? =
            if let id = try row.decode(Int64?.self, forColumn: "uid") {
                .id(id)
            } else {
                try row.decode(String?.self, forColumn: "userName").map(ImageUser.name)
            }
        self.init(
            id: try row.digest("id"), references: [], digests: [],
            manifestDigest: try row.digest("manifestDigest"),
            mediaType: try row.decode(String.self, forColumn: "mediaType"),
            manifest: try row.bytes("manifest"),
            config: try row.bytes("config"),
            size: try row.decode(Int64.self, forColumn: "size"),
            user: user,
            isPinned: try row.decode(Bool.self, forColumn: "pinned"),
            strategy: try row.decode(String.self, forColumn: "strategy"),
            reasons: try row.decode(String.self, forColumn: "reasons"),
            layers: [],
            createdAt: try row.date("createdAt"),
            lastPulledAt: try row.date("lastPulledAt"))
    }
}

extension SnapshotRecord {
    /// From a row of `StateDatabase.selection`.
    init(_ row: Row) throws {
        let name = try row.decode(String.self, forColumn: "kind")
        guard let kind = Kind(rawValue: name) else { throw StateError(.corrupt, "a snapshot is of kind '\(name)'") }
        let bytes = try row.decode(Int64?.self, forColumn: "bytes")
        let inodes = try row.decode(Int64?.self, forColumn: "inodes")
        self.init(
            id: try row.decode(Int64.self, forColumn: "id"),
            name: try row.decode(String.self, forColumn: "name"),
            parent: try row.decode(String?.self, forColumn: "parentName"),
            kind: kind,
            createdAt: try row.date("createdAt"),
            updatedAt: try row.date("updatedAt"),
            labels: try OCIDocument.decode(
                [String: String].self, from: Array(row.decode(String.self, forColumn: "labels").utf8),
                what: "record of labels", error: .invalidConfig),
            layer: try row.decode(String?.self, forColumn: "layerDigest").map { try Digest($0) },
            chain: try row.decode(String?.self, forColumn: "chain").map { try Digest($0) },
            usage: bytes.flatMap { bytes in inodes.map { Usage(bytes: bytes, inodes: $0) } })
    }
}
