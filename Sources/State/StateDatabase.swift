internal import FoundationEssentials
internal import GRDB
internal import Synchronization

/// The daemon's memory: images, layers, mounts and what was learned about indexes, in one SQLite file.
///
/// Every operation is one transaction and is on disk when it returns (`synchronous = FULL`): the order between a
/// record and the files it speaks of then survives a power cut, and there are few writes, some for each pull. Safe to
/// use from any thread; calls queue up behind one connection and block their thread for the length of a small disk
/// write.
package final class StateDatabase: Sendable {
    package let path: String
    /// One connection; nil after `close`, since GRDB must not be asked then. The lock is the queue in which calls wait.
    private let queue: Mutex<DatabaseQueue?>

    /// Opens the database at `path`, creating or upgrading it.
    /// - Throws: `.newer` or `.corrupt` before anything in the file is changed; `.unavailable`, `.diskFull`.
    package init(path: String) throws(StateError) {
        self.path = path
        do {
            if FileManager.default.fileExists(atPath: path) {
                try Self.examine(path)
            } else {
                // Ours from the first byte on, and nobody else's to read: image configurations hold what people put
                // into ENV.
                guard
                    FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
                else {
                    throw StateError(
                        .unavailable, "\(path): cannot create; does its directory exist and is it writable?")
                }
            }
            let opened = try DatabaseQueue(path: path, configuration: Self.configuration())
            // GRDB sets NORMAL when it turns WAL on, after `prepareDatabase`; a commit would not be synced then.
            try opened.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Migrations.migrator.migrate(opened)
            queue = Mutex(opened)
        } catch {
            throw .translating(error, path: path)
        }
    }

    /// Closes the file; later operations fail with `.unavailable`. Dropping the last reference closes it, too.
    package func close() throws(StateError) {
        do {
            try queue.withLock { queue in
                try queue?.close()
                queue = nil
            }
        } catch {
            throw .translating(error, path: path)
        }
    }

    func read<T: Sendable>(_ body: (Database) throws -> T) throws(StateError) -> T {
        do { return try queue.withLock { try opened($0).read(body) } } catch { throw .translating(error, path: path) }
    }

    func write<T: Sendable>(_ body: (Database) throws -> T) throws(StateError) -> T {
        do { return try queue.withLock { try opened($0).write(body) } } catch { throw .translating(error, path: path) }
    }

    private func opened(_ queue: DatabaseQueue?) throws(StateError) -> DatabaseQueue {
        guard let queue else { throw StateError(.unavailable, "\(path): closed; the daemon is stopping") }
        return queue
    }

    /// Looks, with a connection that cannot write, whether the file is ours, whole, and not of a later version.
    private static func examine(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try queue.read { database in
            let application = try Int32.fetchOne(database, sql: "PRAGMA application_id")
            // A kill during the very first start may leave the migrator's own table and nothing else.
            let tables = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name <> 'grdb_migrations'")
            guard application == Migrations.applicationID || tables == 0 else {
                throw StateError.corrupt(path, "not a database of imagelet")
            }
            guard try !Migrations.migrator.hasBeenSuperseded(database) else {
                throw StateError(
                    .newer,
                    """
                    \(path): written by a newer imagelet; run that version again, or move the file aside \
                    to start with no images
                    """)
            }
            let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
            guard verdict == "ok" else { throw StateError.corrupt(path, verdict ?? "quick_check failed") }
        }
        try queue.close()
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        return configuration
    }
}
