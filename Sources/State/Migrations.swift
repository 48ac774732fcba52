internal import GRDB

/// The schema as a list of steps. A step that was released is never edited: a change is a new step at the end.
enum Migrations {
    /// `PRAGMA application_id`: tells our file from any other SQLite database ("imlt").
    static let applicationID: Int32 = 0x696D_6C74

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            for statement in version1 { try database.execute(sql: statement) }
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
        }
        migrator.registerMigration("2") { database in
            for statement in version2 { try database.execute(sql: statement) }
        }
        migrator.registerMigration("3") { database in
            for statement in version3 { try database.execute(sql: statement) }
        }
        migrator.registerMigration("4") { database in
            for statement in version4 { try database.execute(sql: statement) }
        }
        migrator.registerMigration("5") { database in
            for statement in version5 { try database.execute(sql: statement) }
        }
        migrator.registerMigration("6") { database in
            for statement in version6 { try database.execute(sql: statement) }
        }
        return migrator
    }

    /// `AUTOINCREMENT` is what keeps a slot from being given out twice. Times are milliseconds since 1970, digests
    /// their usual text.
    static let version1 = [
        """
        CREATE TABLE layer (
          slot INTEGER PRIMARY KEY AUTOINCREMENT CHECK (slot BETWEEN 1 AND 4294967295),
          digest TEXT NOT NULL UNIQUE,
          size INTEGER NOT NULL,
          diffID TEXT NOT NULL,
          compression TEXT NOT NULL,
          source TEXT NOT NULL,
          poisoned TEXT,
          complete INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        """
        CREATE TABLE image (
          id TEXT PRIMARY KEY NOT NULL,
          manifestDigest TEXT NOT NULL,
          mediaType TEXT NOT NULL,
          manifest BLOB NOT NULL,
          config BLOB NOT NULL,
          size INTEGER NOT NULL,
          uid INTEGER,
          userName TEXT,
          pinned INTEGER NOT NULL,
          strategy TEXT NOT NULL,
          reasons TEXT NOT NULL,
          createdAt INTEGER NOT NULL,
          lastPulledAt INTEGER NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE imageLayer (
          image TEXT NOT NULL REFERENCES image ON DELETE CASCADE,
          position INTEGER NOT NULL,
          layer INTEGER NOT NULL REFERENCES layer,
          PRIMARY KEY (image, position)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX imageLayerByLayer ON imageLayer (layer)",
        """
        CREATE TABLE imageName (
          name TEXT PRIMARY KEY NOT NULL,
          image TEXT NOT NULL REFERENCES image ON DELETE CASCADE,
          byDigest INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX imageNameByImage ON imageName (image)",
        """
        CREATE TABLE mount (
          id TEXT PRIMARY KEY NOT NULL,
          image TEXT NOT NULL,
          target TEXT NOT NULL UNIQUE,
          upperDirectory TEXT NOT NULL,
          createdAt INTEGER NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE mountLayer (
          mount TEXT NOT NULL REFERENCES mount ON DELETE CASCADE,
          layer INTEGER NOT NULL REFERENCES layer,
          PRIMARY KEY (mount, layer)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX mountLayerByLayer ON mountLayer (layer)",
        """
        CREATE TABLE usedIndex (
          manifest TEXT PRIMARY KEY NOT NULL,
          digest TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE poisonedIndex (
          digest TEXT PRIMARY KEY NOT NULL,
          reason TEXT NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE tableOfContents (
          layer TEXT PRIMARY KEY NOT NULL,
          digest TEXT NOT NULL,
          size INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ]

    /// Snapshots given to containerd. `AUTOINCREMENT` again: an id names a directory, which may outlive its row for a moment.
    static let version2 = [
        """
        CREATE TABLE snapshot (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL UNIQUE,
          parent INTEGER REFERENCES snapshot,
          kind TEXT NOT NULL CHECK (kind IN ('view', 'active', 'committed')),
          createdAt INTEGER NOT NULL,
          updatedAt INTEGER NOT NULL,
          labels TEXT NOT NULL,
          layer INTEGER REFERENCES layer,
          chain TEXT,
          bytes INTEGER,
          inodes INTEGER
        ) STRICT
        """,
        "CREATE INDEX snapshotByParent ON snapshot (parent)",
        "CREATE INDEX snapshotByLayer ON snapshot (layer)",
        """
        CREATE TABLE chain (
          id TEXT PRIMARY KEY NOT NULL,
          layer INTEGER NOT NULL REFERENCES layer ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX chainByLayer ON chain (layer)",
    ]

    /// How pulls went that the runtime did by itself: there is no image record to say it.
    static let version3 = [
        """
        CREATE TABLE pullNote (
          name TEXT PRIMARY KEY NOT NULL,
          image TEXT,
          strategy TEXT NOT NULL,
          reasons TEXT NOT NULL,
          date INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX pullNoteByDate ON pullNote (date)",
    ]
    /// Credentials of pulls, sealed. No reference to the image: they are needed as long as something mounted can be read with them.
    static let version4 = [
        """
        CREATE TABLE credential (
          image TEXT NOT NULL,
          repository TEXT NOT NULL,
          chain TEXT,
          sealed BLOB NOT NULL,
          PRIMARY KEY (image, repository)
        ) STRICT, WITHOUT ROWID
        """
    ]

    /// What is told of pulls and starts: documents that are looked at as a whole, of a bounded number.
    static let version5 = [
        """
        CREATE TABLE history (
          kind TEXT NOT NULL,
          id INTEGER NOT NULL,
          document BLOB NOT NULL,
          PRIMARY KEY (kind, id)
        ) STRICT
        """
    ]

    /// Layers listed for clients of an image store, by the ids such stores have. One layer may be listed several times, upon other layers.
    static let version6 = [
        """
        CREATE TABLE listedLayer (
          id TEXT PRIMARY KEY NOT NULL,
          parent TEXT REFERENCES listedLayer,
          layer INTEGER NOT NULL REFERENCES layer,
          createdAt INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX listedLayerByParent ON listedLayer (parent)",
        "CREATE INDEX listedLayerByLayer ON listedLayer (layer)",
    ]
}
