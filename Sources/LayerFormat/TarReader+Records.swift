extension TarReader {
    /// An entry under construction, and the size its header or records claim.
    struct Merged {
        var entry: TarEntry
        var size: Int64
    }

    /// Header fields, overridden by GNU long names and PAX records: local before global, an empty value overrides nothing.
    ///
    /// GNU long names win over PAX names, as in Go's reader; no real writer makes both.
    func merge(_ header: TarHeader, _ local: PAXRecords, at offset: Int64) throws(LayerFormatError) -> Merged {
        let hasRecords = !local.values.isEmpty || !globals.values.isEmpty
        func value(_ key: String) -> [UInt8]? {
            guard hasRecords else { return nil }
            // A local record, even an empty one, hides the global one.
            guard let value = local[key] else { return globals[key] }
            return value.isEmpty ? nil : value
        }
        func number(_ key: String) throws(LayerFormatError) -> Int64? {
            guard let value = value(key) else { return nil }
            guard let number = TarNumber.decimal(value[...]) else { throw Self.badRecord(key, offset) }
            return number
        }
        func text(_ key: String) throws(LayerFormatError) -> [UInt8]? {
            guard let value = value(key) else { return nil }
            guard !value.contains(0) else { throw Self.badRecord(key, offset) }
            return value
        }
        var modified = Timestamp(seconds: header.seconds)
        if let value = value("mtime") {
            guard let time = TarNumber.time(value[...]) else { throw Self.badRecord("mtime", offset) }
            modified = time
        }
        let path = try text("path")
        let linkPath = try text("linkpath")
        let (userName, groupName) = (try text("uname"), try text("gname"))
        let (uid, gid, size) = (try number("uid"), try number("gid"), try number("size"))
        // Low 32 bits of owners and devices count (soci.md 1.5).
        let entry = TarEntry(
            name: longName ?? path ?? header.name, kind: .regular, contentOffset: 0,
            linkName: longLink ?? linkPath ?? header.linkName, mode: UInt32(header.mode & 0o7777),
            uid: UInt32(truncatingIfNeeded: uid ?? header.uid), gid: UInt32(truncatingIfNeeded: gid ?? header.gid),
            userName: userName ?? header.userName, groupName: groupName ?? header.groupName,
            modified: modified, deviceMajor: UInt32(truncatingIfNeeded: header.deviceMajor),
            deviceMinor: UInt32(truncatingIfNeeded: header.deviceMinor))
        return Merged(entry: entry, size: size ?? header.size)
    }

    private static func badRecord(_ key: String, _ offset: Int64) -> LayerFormatError {
        LayerFormatError(.malformed, "the PAX record '\(key)' of the tar entry at \(offset) has no usable value")
    }
}
