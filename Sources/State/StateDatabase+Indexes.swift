internal import GRDB
package import OCI

/// Where the table of contents of a layer is kept.
package struct TableOfContentsRecord: Sendable, Equatable {
    /// Blob digest of the layer it describes.
    package var layer: Digest
    /// Digest of the table of contents: its name in the index store.
    package var digest: Digest
    /// Its size in bytes.
    package var size: Int64

    package init(layer: Digest, digest: Digest, size: Int64) {
        self.layer = layer
        self.digest = digest
        self.size = size
    }
}

// Only what was found is remembered. "There is none", "refused" and "could not ask" are asked anew by each pull
// (style.md 2, 16).
extension StateDatabase {
    /// Remembers that the image with this manifest was served by this index; until the image is removed.
    package func setUsedIndex(_ index: Digest, manifest: Digest) throws(StateError) {
        _ = try change(
            "INSERT OR REPLACE INTO usedIndex (manifest, digest) VALUES (?, ?)",
            [manifest.description, index.description])
    }

    package func usedIndex(manifest: Digest) throws(StateError) -> Digest? {
        try read { database in
            try Row.fetchOne(
                database, sql: "SELECT digest FROM usedIndex WHERE manifest = ?", arguments: [manifest.description]
            ).map { try $0.digest("digest") }
        }
    }

    /// Never use this index again; also forgets that it was used. Survives the removal of its images.
    package func poisonIndex(_ index: Digest, reason: String) throws(StateError) {
        try write { database in
            try database.execute(sql: "DELETE FROM usedIndex WHERE digest = ?", arguments: [index.description])
            try database.execute(
                sql: "INSERT OR REPLACE INTO poisonedIndex (digest, reason) VALUES (?, ?)",
                arguments: [index.description, reason])
        }
    }

    /// The indexes that gave wrong content, with the reason for each.
    package func poisonedIndexes() throws(StateError) -> [Digest: String] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM poisonedIndex").reduce(into: [:]) { result, row in
                result[try row.digest("digest")] = try row.decode(String.self, forColumn: "reason")
            }
        }
    }

    /// Remembers a table of contents, such as the by-product of a prefetch. Outlives the layer's record: the next
    /// image with this blob can stream. The newest for a layer counts.
    package func setTableOfContents(_ record: TableOfContentsRecord) throws(StateError) {
        _ = try change(
            "INSERT OR REPLACE INTO tableOfContents (layer, digest, size) VALUES (?, ?, ?)",
            [record.layer.description, record.digest.description, record.size])
    }

    package func tableOfContents(layer: Digest) throws(StateError) -> TableOfContentsRecord? {
        try read { database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM tableOfContents WHERE layer = ?", arguments: [layer.description]
            ).map { row in
                TableOfContentsRecord(
                    layer: layer, digest: try row.digest("digest"), size: try row.decode(Int64.self, forColumn: "size"))
            }
        }
    }

    /// Forgets the table of contents of a layer: its file is gone or wrong. False if none was known.
    @discardableResult
    package func removeTableOfContents(layer: Digest) throws(StateError) -> Bool {
        try change("DELETE FROM tableOfContents WHERE layer = ?", [layer.description])
    }
}
