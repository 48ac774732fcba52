internal import GRDB
internal import OCI

extension StateError {
    /// Translates whatever came out of SQLite or of a body of ours.
    static func translating(_ error: any Error, path: String) -> StateError {
        if let error = error as? StateError { return error }
        if error is RowDecodingError || error is OCIError {
            return corrupt(path, "a record has a column of the wrong form")
        }
        guard let error = error as? DatabaseError else { return StateError(.unavailable, "\(path): \(error)") }
        // The statement's arguments stay out of the message: they hold whole manifests.
        let why = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        return switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: corrupt(path, why)
        case .SQLITE_FULL: StateError(.diskFull, "\(path): no space left on the disk; free some and try again")
        case .SQLITE_CONSTRAINT: StateError(.conflict, "\(path): \(why)")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            StateError(.unavailable, "\(path): locked by another process; is another imagelet running? (\(why))")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
            StateError(.unavailable, "\(path): cannot open: \(why); it and its directory must be writable for imagelet")
        default: StateError(.unavailable, "\(path): \(why)")
        }
    }

    /// The database cannot be trusted. It is never deleted by us: what it says may be worth saving.
    static func corrupt(_ path: String, _ why: String) -> StateError {
        StateError(
            .corrupt,
            """
            \(path): damaged (\(why)); stop imagelet, move the file and its -wal and -shm aside \
            (mv \(path) \(path).damaged) and start again: images are then pulled anew
            """)
    }
}
