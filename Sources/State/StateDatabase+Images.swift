internal import FoundationEssentials
internal import GRDB
package import OCI

extension StateDatabase {
    /// Writes `image`, merging it with what is known of the same id: names are united, everything else is replaced,
    /// except that the first `createdAt` and a pin stay. A tag or digest name that another image had is taken from
    /// it.
    ///
    /// - Returns: the image as it is now recorded.
    /// - Throws: `.conflict` if one of its layers was not allocated.
    @discardableResult
    package func save(_ image: ImageRecord) throws(StateError) -> ImageRecord {
        try write { database in
            try Self.upsert(image, in: database)
            try Self.replaceLayers(of: image, in: database)
            let naming = try database.cachedStatement(
                sql: """
                    INSERT INTO imageName (name, image, byDigest) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET image = excluded.image, byDigest = excluded.byDigest
                    """)
            for name in image.references {
                try naming.execute(arguments: [name, image.id.description, false])
            }
            for name in image.digests {
                try naming.execute(arguments: [name, image.id.description, true])
            }
            guard let saved = try Self.images("id = ?", [image.id.description], in: database).first else {
                throw StateError(.conflict, "image \(image.id) is not there after it was saved")
            }
            return saved
        }
    }

    package func image(_ id: Digest) throws(StateError) -> ImageRecord? {
        try read { database in try Self.images("id = ?", [id.description], in: database).first }
    }

    /// The image that has this normalised full name, with a tag (`docker.io/library/python:3`) or a digest.
    package func image(named name: String) throws(StateError) -> ImageRecord? {
        try read { database in
            try Self.images("id = (SELECT image FROM imageName WHERE name = ?)", [name], in: database).first
        }
    }

    /// The images whose id begins with `prefix`: lower-case hex digits, with or without `sha256:` before them.
    /// Anything else, the empty prefix too, begins no id. More than one result means that the prefix is ambiguous.
    package func images(idPrefix prefix: String) throws(StateError) -> [ImageRecord] {
        let algorithm = "sha256:"
        let hex = prefix.hasPrefix(algorithm) ? String(prefix.dropFirst(algorithm.count)) : prefix
        guard !hex.isEmpty, hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
            return []
        }
        let first = algorithm + hex
        return try read { database in
            // "g" is the first letter that is no hex digit: all ids with this prefix sort between the two.
            try Self.images("id >= ? AND id < ?", [first, first + "g"], in: database)
        }
    }

    /// All images, those pulled last first.
    package func images() throws(StateError) -> [ImageRecord] {
        try read { database in try Self.images("TRUE", [], in: database) }
    }

    /// Sets the pin; false if the image is unknown.
    @discardableResult
    package func setPinned(_ isPinned: Bool, image id: Digest) throws(StateError) -> Bool {
        try change("UPDATE image SET pinned = ? WHERE id = ?", [isPinned, id.description])
    }

    /// Forgets the image with all its names. Layers that no other image, no mount, no snapshot and none of `kept` needs are
    /// forgotten with it in the same transaction and returned: their files may go. An unknown image gives an empty
    /// list.
    ///
    /// A mount of the image lives on and keeps its layers until `removeMount`. `kept` are the layers of pulls in
    /// flight.
    package func removeImage(_ id: Digest, keeping kept: Set<Digest>) throws(StateError) -> [LayerRecord] {
        try write { database in
            try Self.removeLayers(Self.forgetImage(id.description, in: database), keeping: kept, in: database)
        }
    }

    /// Forgets an image, and gives the slots of its layers, which somebody else may need.
    static func forgetImage(_ id: String, in database: Database) throws -> [Int64] {
        let slots = try Int64.fetchAll(
            database, sql: "SELECT DISTINCT layer FROM imageLayer WHERE image = ? ORDER BY layer", arguments: [id])
        try database.execute(
            sql: """
                DELETE FROM usedIndex WHERE manifest IN (SELECT manifestDigest FROM image WHERE id = :id)
                  AND manifest NOT IN (SELECT manifestDigest FROM image WHERE id <> :id)
                """,
            arguments: ["id": id])
        try database.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [id])
        return slots
    }

    private static func upsert(_ image: ImageRecord, in database: Database) throws {
        var uid: Int64?
        var userName: String?
        switch image.user {
        case .id(let id): uid = id
        case .name(let name): userName = name
        case nil: break
        }
        try database.execute(
            sql: """
                INSERT INTO image (id, manifestDigest, mediaType, manifest, config, size, uid, userName, pinned, strategy,
                  reasons, createdAt, lastPulledAt)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                  manifestDigest = excluded.manifestDigest, mediaType = excluded.mediaType,
                  manifest = excluded.manifest, config = excluded.config, size = excluded.size, uid = excluded.uid, userName = excluded.userName,
                  pinned = max(pinned, excluded.pinned), strategy = excluded.strategy, reasons = excluded.reasons,
                  lastPulledAt = excluded.lastPulledAt
                """,
            arguments: [
                image.id.description, image.manifestDigest.description, image.mediaType, Data(image.manifest),
                Data(image.config), image.size, uid, userName, image.isPinned, image.strategy, image.reasons,
                image.createdAt.milliseconds, image.lastPulledAt.milliseconds,
            ])
    }

    private static func replaceLayers(of image: ImageRecord, in database: Database) throws {
        try database.execute(sql: "DELETE FROM imageLayer WHERE image = ?", arguments: [image.id.description])
        let addition = try database.cachedStatement(
            sql: "INSERT INTO imageLayer (image, position, layer) SELECT ?, ?, slot FROM layer WHERE digest = ?")
        for (position, layer) in image.layers.enumerated() {
            try addition.execute(arguments: [image.id.description, position, layer.description])
            guard database.changesCount == 1 else {
                throw StateError(
                    .conflict, "image \(image.id) names layer \(layer), which has no slot; pull the image again")
            }
        }
    }

    /// The images that fulfil `condition`, with names and layers, in three queries however many there are.
    private static func images(
        _ condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> [ImageRecord] {
        var images = try Row.fetchAll(
            database, sql: "SELECT * FROM image WHERE \(condition) ORDER BY lastPulledAt DESC, id", arguments: arguments
        ).map { try ImageRecord($0) }
        guard !images.isEmpty else { return [] }
        let positions = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1.id, $0) })
        let selection = "SELECT id FROM image WHERE \(condition)"

        let names = try Row.fetchCursor(
            database, sql: "SELECT * FROM imageName WHERE image IN (\(selection)) ORDER BY name", arguments: arguments)
        while let row = try names.next() {
            guard let position = try positions[row.digest("image")] else { continue }
            let name = try row.decode(String.self, forColumn: "name")
            if try row.decode(Bool.self, forColumn: "byDigest") {
                images[position].digests.append(name)
            } else {
                images[position].references.append(name)
            }
        }
        let layers = try Row.fetchCursor(
            database,
            sql: """
                SELECT imageLayer.image, layer.digest FROM imageLayer JOIN layer ON layer.slot = imageLayer.layer
                WHERE imageLayer.image IN (\(selection)) ORDER BY imageLayer.image, imageLayer.position
                """,
            arguments: arguments)
        while let row = try layers.next() {
            guard let position = try positions[row.digest("image")] else { continue }
            images[position].layers.append(try row.digest("digest"))
        }
        return images
    }
}
