import Foundation
import GRDB
import OCI
import State
import Testing

/// Released schemas are frozen here: a daemon must open what any earlier one wrote.
@Suite("Schema")
struct SchemaTests {
    /// Version 1 as it was released. Never edit it; add the next one.
    static let version1 = """
        CREATE TABLE image (id TEXT PRIMARY KEY NOT NULL, manifestDigest TEXT NOT NULL, mediaType TEXT NOT NULL, \
        manifest BLOB NOT NULL, config BLOB NOT NULL, size INTEGER NOT NULL, uid INTEGER, userName TEXT, \
        pinned INTEGER NOT NULL, strategy TEXT NOT NULL, reasons TEXT NOT NULL, createdAt INTEGER NOT NULL, \
        lastPulledAt INTEGER NOT NULL ) STRICT;
        CREATE TABLE imageLayer (image TEXT NOT NULL REFERENCES image ON DELETE CASCADE, position INTEGER NOT NULL, \
        layer INTEGER NOT NULL REFERENCES layer, PRIMARY KEY (image, position) ) STRICT, WITHOUT ROWID;
        CREATE INDEX imageLayerByLayer ON imageLayer (layer);
        CREATE TABLE imageName (name TEXT PRIMARY KEY NOT NULL, \
        image TEXT NOT NULL REFERENCES image ON DELETE CASCADE, byDigest INTEGER NOT NULL ) STRICT, WITHOUT ROWID;
        CREATE INDEX imageNameByImage ON imageName (image);
        CREATE TABLE layer (slot INTEGER PRIMARY KEY AUTOINCREMENT CHECK (slot BETWEEN 1 AND 4294967295), \
        digest TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, diffID TEXT NOT NULL, compression TEXT NOT NULL, \
        source TEXT NOT NULL, poisoned TEXT, complete INTEGER NOT NULL DEFAULT 0 ) STRICT;
        CREATE TABLE mount (id TEXT PRIMARY KEY NOT NULL, image TEXT NOT NULL, target TEXT NOT NULL UNIQUE, \
        upperDirectory TEXT NOT NULL, createdAt INTEGER NOT NULL ) STRICT;
        CREATE TABLE mountLayer (mount TEXT NOT NULL REFERENCES mount ON DELETE CASCADE, \
        layer INTEGER NOT NULL REFERENCES layer, PRIMARY KEY (mount, layer) ) STRICT, WITHOUT ROWID;
        CREATE INDEX mountLayerByLayer ON mountLayer (layer);
        CREATE TABLE poisonedIndex (digest TEXT PRIMARY KEY NOT NULL, reason TEXT NOT NULL ) STRICT, WITHOUT ROWID;
        CREATE TABLE tableOfContents (layer TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL, \
        size INTEGER NOT NULL ) STRICT, WITHOUT ROWID;
        CREATE TABLE usedIndex (manifest TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL ) STRICT, WITHOUT ROWID
        """

    /// What version 2 added. Never edit it.
    static let version2 = """
        CREATE TABLE chain (id TEXT PRIMARY KEY NOT NULL, \
        layer INTEGER NOT NULL REFERENCES layer ON DELETE CASCADE ) STRICT, WITHOUT ROWID;
        CREATE INDEX chainByLayer ON chain (layer);
        CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, \
        parent INTEGER REFERENCES snapshot, kind TEXT NOT NULL CHECK (kind IN ('view', 'active', 'committed')), \
        createdAt INTEGER NOT NULL, updatedAt INTEGER NOT NULL, labels TEXT NOT NULL, \
        layer INTEGER REFERENCES layer, chain TEXT, bytes INTEGER, inodes INTEGER ) STRICT;
        CREATE INDEX snapshotByLayer ON snapshot (layer);
        CREATE INDEX snapshotByParent ON snapshot (parent)
        """

    /// What version 3 added. Never edit it.
    static let version3 = """
        CREATE TABLE pullNote (name TEXT PRIMARY KEY NOT NULL, image TEXT, strategy TEXT NOT NULL, \
        reasons TEXT NOT NULL, date INTEGER NOT NULL ) STRICT, WITHOUT ROWID;
        CREATE INDEX pullNoteByDate ON pullNote (date)
        """

    /// What version 4 added. Never edit it.
    static let version4 = """
        CREATE TABLE credential (image TEXT NOT NULL, repository TEXT NOT NULL, chain TEXT, sealed BLOB NOT NULL, \
        PRIMARY KEY (image, repository) ) STRICT, WITHOUT ROWID
        """

    /// What version 5 added. Never edit it.
    static let version5 = """
        CREATE TABLE history (kind TEXT NOT NULL, id INTEGER NOT NULL, document BLOB NOT NULL, \
        PRIMARY KEY (kind, id) ) STRICT
        """

    /// What version 6 added. Never edit it; add the next one.
    static let version6 = """
        CREATE TABLE listedLayer (id TEXT PRIMARY KEY NOT NULL, parent TEXT REFERENCES listedLayer, \
        layer INTEGER NOT NULL REFERENCES layer, createdAt INTEGER NOT NULL ) STRICT, WITHOUT ROWID;
        CREATE INDEX listedLayerByLayer ON listedLayer (layer);
        CREATE INDEX listedLayerByParent ON listedLayer (parent)
        """

    @Test("the schema is frozen")
    func frozen() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            try StateDatabase(path: path).close()
            let raw = try DatabaseQueue(path: path)
            let (sql, identifiers, application) = try raw.read { database in
                let sql = try String.fetchAll(
                    database,
                    sql: """
                        SELECT sql FROM sqlite_master
                        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name <> 'grdb_migrations' ORDER BY name
                        """)
                let identifiers = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
                return (sql, identifiers, try Int.fetchOne(database, sql: "PRAGMA application_id"))
            }
            let lines = sql.map { text in
                text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                    .replacingOccurrences(of: "( ", with: "(")
            }
            let versions = [Self.version1, Self.version2, Self.version3, Self.version4, Self.version5, Self.version6]
                .flatMap { $0.components(separatedBy: ";\n") }
            #expect(lines.sorted() == versions.sorted())
            #expect(identifiers == ["1", "2", "3", "4", "5", "6"])
            #expect(application == 0x696D_6C74)
        }
    }

    @Test("a database that version 1 wrote is read")
    func version1Database() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let one = digest("one")
            let raw = try DatabaseQueue(path: path)
            try raw.write { database in
                try database.execute(sql: Self.version1)
                try database.execute(sql: "PRAGMA application_id = \(0x696D_6C74)")
                try database.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('1')")
                try database.execute(
                    sql: """
                        INSERT INTO layer VALUES (7, '\(one)', 1000, '\(digest("diff of one"))', 'gzip',
                          'docker.io/library/app', NULL, 1);
                        INSERT INTO image VALUES ('\(digest("a"))', '\(digest("m a"))',
                          'application/vnd.oci.image.manifest.v1+json', x'7B7D', x'5B5D', 12345, NULL, 'www', 0, 'stream', '[]',
                          1000250, 2000500);
                        INSERT INTO imageLayer VALUES ('\(digest("a"))', 0, 7);
                        INSERT INTO imageName VALUES ('x/a:1', '\(digest("a"))', 0), ('x/a@1', '\(digest("a"))', 1);
                        INSERT INTO mount VALUES ('m', '\(digest("a"))', '/mnt', '/upper', 3000750);
                        INSERT INTO mountLayer VALUES ('m', 7);
                        INSERT INTO usedIndex VALUES ('\(digest("m a"))', '\(digest("index"))');
                        INSERT INTO poisonedIndex VALUES ('\(digest("bad"))', 'why');
                        INSERT INTO tableOfContents VALUES ('\(one)', '\(digest("ztoc"))', 5);
                        """)
            }
            try raw.close()

            let state = try StateDatabase(path: path)
            var image = makeImage("a", tags: ["x/a:1"], digests: ["x/a@1"], layers: ["one"], user: .name("www"))
            (image.manifest, image.config, image.reasons) = (Array("{}".utf8), Array("[]".utf8), "[]")
            image.createdAt = Date(timeIntervalSince1970: 1000.25)
            image.lastPulledAt = Date(timeIntervalSince1970: 2000.5)
            #expect(try state.images() == [image])
            #expect(try state.layer(one)?.isComplete == true)
            #expect(try state.mounts().map(\.createdAt) == [Date(timeIntervalSince1970: 3000.75)])
            #expect(try state.usedIndex(manifest: digest("m a")) == digest("index"))
            #expect(try state.poisonedIndexes() == [digest("bad"): "why"])
            #expect(try state.tableOfContents(layer: one)?.size == 5)
            #expect(try state.allocate(makeLayer("two")).slot == 8)
            #expect(try state.snapshots().isEmpty)
        }
    }
}
