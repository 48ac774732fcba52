internal import FoundationEssentials
internal import Linux

/// Which layers are cold must be known over a restart, roughly: the time of a layer's table of contents, which never changes else, is that of
/// the layer's last use, a minute coarse.
extension LayerStore {
    private static let notePause = Duration.seconds(60)

    /// Notes on the disk which layers are in use, now and then, until cancelled.
    func keepUses() async {
        while (try? await parts.options.clock.sleep(for: Self.notePause)) != nil { await noteUses() }
    }

    /// As far as that is news. One that cannot be noted looks colder than it is.
    func noteUses() async {
        let used = layers.filter { $0.uses.takeNews() }
        guard !used.isEmpty else { return }
        try? await parts.bench.run { for layer in used { try? layer.files.tableOfContents.file.touch() } }
    }

    /// When the layer was last used, in ticks, all of them before the store's first. A clock that was set back makes it recent.
    static func lastUse(_ tableOfContents: StoredTableOfContents) throws(LinuxError) -> UInt32 {
        let age = Int64(Date().timeIntervalSince1970) - (try tableOfContents.file.status().modifiedSeconds)
        return StoreParts.firstTick - 1 - UInt32(clamping: min(max(age, 0), Int64(StoreParts.firstTick) - 1))
    }
}
