internal import FoundationEssentials
internal import GRDB
package import OCI

extension StateDatabase {
    /// Keeps a record in the place of the one with the same image and repository. False, and nothing kept, if the image is not here any more.
    @discardableResult
    package func keep(_ credential: CredentialRecord) throws(StateError) -> Bool {
        try change(
            """
            INSERT OR REPLACE INTO credential (image, repository, chain, sealed)
            SELECT id, :repository, :chain, :sealed FROM image WHERE id = :image
            """,
            [
                "image": credential.image.description, "repository": credential.repository,
                "chain": credential.chain?.description, "sealed": Data(credential.sealed),
            ])
    }

    package func credential(image: Digest, repository: String) throws(StateError) -> CredentialRecord? {
        try read { database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM credential WHERE image = ? AND repository = ?",
                arguments: [image.description, repository]
            ).map { try CredentialRecord($0) }
        }
    }

    package func credentials() throws(StateError) -> [CredentialRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM credential ORDER BY image, repository").map {
                try CredentialRecord($0)
            }
        }
    }

    /// Those that a layer may be read with: of the images that have it, here, mounted or under a container, and of the repository that last
    /// offered it.
    package func credentials(for layer: Digest) throws(StateError) -> [CredentialRecord] {
        try read { database in
            guard let known = try Self.layer(layer, in: database) else { return [] }
            return try Row.fetchAll(
                database,
                sql: """
                    WITH RECURSIVE above (id, chain) AS (
                      SELECT id, chain FROM snapshot WHERE layer = :slot
                      UNION SELECT snapshot.id, snapshot.chain FROM snapshot JOIN above ON snapshot.parent = above.id)
                    SELECT * FROM credential WHERE repository = :source
                      OR image IN (SELECT image FROM imageLayer WHERE layer = :slot)
                      OR image IN (SELECT image FROM mount JOIN mountLayer ON mount = id WHERE layer = :slot)
                      OR chain IN (SELECT chain FROM above)
                    ORDER BY image, repository
                    """,
                arguments: ["slot": Int64(known.slot), "source": known.source]
            ).map { try CredentialRecord($0) }
        }
    }

    package func forgetCredential(image: Digest, repository: String) throws(StateError) {
        _ = try change(
            "DELETE FROM credential WHERE image = ? AND repository = ?", [image.description, repository])
    }

    /// The repositories a layer was offered by, the last one first, as far as images with it are here.
    package func repositories(of layer: Digest) throws(StateError) -> [String] {
        try read { database in
            guard let known = try Self.layer(layer, in: database) else { return [] }
            let names = try String.fetchAll(
                database,
                sql: """
                    SELECT DISTINCT name FROM imageName WHERE byDigest AND image IN
                      (SELECT image FROM imageLayer WHERE layer = ?) ORDER BY name
                    """,
                arguments: [Int64(known.slot)])
            let others = Set(try names.map { try Reference($0).repositoryName }).subtracting([known.source])
            return [known.source] + others.sorted()
        }
    }

    /// Forgets credentials of images that are neither here, nor mounted, nor carry a container: nothing can be read with them.
    static func forgetUselessCredentials(in database: Database) throws {
        try database.cachedStatement(
            sql: """
                DELETE FROM credential WHERE image NOT IN (SELECT id FROM image) AND image NOT IN (SELECT image FROM mount)
                  AND NOT EXISTS (SELECT 1 FROM snapshot WHERE snapshot.chain = credential.chain)
                """
        ).execute()
    }
}
