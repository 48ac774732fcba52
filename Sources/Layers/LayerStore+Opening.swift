internal import Hashing
internal import LayerFormat
internal import Linux
internal import Logging
package import OCI
internal import Synchronization

extension LayerStore {
    /// Opens what a run before left of the layer: its table of contents, and the segments its journal knows. Missing and damaged parts are
    /// dropped and fetched again. Works without network; waits for the disk.
    /// - Throws: `LayerError.notFound` if there is nothing, `.unusableTableOfContents` or `.disk` if it cannot be used: then `prepare`
    ///   or `prefetch` must make it anew.
    @discardableResult
    package func restore(_ description: LayerDescription, source: any BlobSource) throws -> Layer {
        if let layer = layer(description.blob) { return layer }
        let directory = path(description.blob)
        guard (try? Path.exists(LayerFiles.tableOfContentsPath(directory))) == true else {
            throw LayerError(.notFound, "layer \(description.blob): nothing usable below \(directory)")
        }
        let layer = try open(description, source: source)
        // What cannot be freed now stays as it is: only space is lost.
        try? layer.freeUnaccounted()
        enter(layer)
        return layer
    }

    /// Opens the layer whose table of contents lies in its directory; makes the tar and the journal where they are missing.
    func open(_ description: LayerDescription, source: any BlobSource) throws -> Layer {
        do {
            let directory = path(description.blob)
            // Left by a stop while they were written.
            for file in [LayerFiles.tableOfContentsPath(directory), LayerFiles.journalPath(directory)] {
                try Path.remove(file + ".new")
            }
            let stored = try StoredTableOfContents(LayerFiles.tableOfContentsPath(directory))
            let table = try parts.format.open(stored, blobSize: description.blobSize)
            try Self.check(table, description)
            let tar = try File(LayerFiles.tarPath(directory), .readWriteCreate)
            let size = try tar.size()
            let header = JournalContent.header(
                blob: description.blob, segmentCount: table.segmentCount, contentSize: table.contentSize)
            let (journal, recorded) = try Journal.open(LayerFiles.journalPath(directory), header: header) { number in
                guard (0..<table.segmentCount).contains(number) else { return nil }
                let content = table.segment(number).content
                return content.upperBound - content.lowerBound
            }
            let content = size < table.contentSize ? try Self.cut(recorded, to: size, table, journal) : recorded
            if size < table.contentSize { try Self.extend(tar, to: table.contentSize) }
            let files = LayerFiles(tar: tar, tableOfContents: stored, directory: directory)
            let layer = Layer(
                description, source: source, parts: parts, files: files, table: table, journal: journal,
                usedBefore: try Self.lastUse(stored))
            layer.replay(content)
            return layer
        } catch {
            throw LayerError(describing: error, description.blob)
        }
    }

    private static func extend(_ tar: File, to size: Int64) throws {
        do {
            try tar.truncate(to: size)
        } catch {
            guard error.errno == .fileTooLarge else { throw error }
            throw LayerFormatError(
                .tooLarge, "the table of contents claims \(size) bytes, more than a file of this volume can have")
        }
    }

    /// Somebody cut the tar, or it is new: what does not lie in it is forgotten, on the disk before the rest becomes a hole that reads as
    /// zeros. What is left is checked by its checksum; without one, it goes too.
    private static func cut(
        _ content: JournalContent, to size: Int64, _ table: any SegmentedLayer, _ journal: Journal
    ) throws(LinuxError) -> JournalContent {
        var left = content
        (left.isFilled, left.complete) = (false, nil)
        left.segments = content.segments.filter { table.segment($0.key).content.upperBound <= size }
            .mapValues { JournalContent.Entry(checksum: $0.checksum, needsCheck: true) }
        guard content != left else { return left }
        try journal.append(.emptied)
        for (number, entry) in left.segments {
            let content = table.segment(number).content
            try journal.append(
                .segment(number: number, length: content.upperBound - content.lowerBound, checksum: entry.checksum))
        }
        try journal.sync()
        return left
    }

    /// What every format promises of its segments, checked once more: all offsets below are computed from them.
    private static func check(_ table: any SegmentedLayer, _ description: LayerDescription) throws(LayerFormatError) {
        var end: Int64 = 0
        for number in 0..<table.segmentCount {
            let segment = table.segment(number)
            guard segment.content.lowerBound == end, segment.compressed.lowerBound >= 0,
                segment.compressed.upperBound <= description.blobSize,
                segment.content.isEmpty || !segment.compressed.isEmpty, segment.digest.algorithm == .sha256
            else {
                throw LayerFormatError(
                    .malformed, "segment \(number) lies outside of the blob or beside its neighbours")
            }
            end = segment.content.upperBound
        }
        guard end == table.contentSize else {
            throw LayerFormatError(.malformed, "segments cover \(end) of \(table.contentSize) bytes")
        }
    }
}

extension Layer {
    /// Takes over what the journal says.
    fileprivate func replay(_ content: JournalContent) {
        state.withLock { state in
            if content.isPoisoned {
                state.condition = .poisoned("its table of contents was found to be wrong before the restart")
                return
            }
            for number in 0..<table.segmentCount where !table.segment(number).content.isEmpty {
                if let entry = content.segments[number] {
                    state.segments.set(number, entry.needsCheck ? .unchecked : .present)
                    if entry.needsCheck { state.checksums[number] = entry.checksum }
                } else if content.dropped.contains(number) {
                    continue
                } else if content.complete != nil {
                    state.segments.set(number, .present)
                } else if content.isFilled {
                    state.segments.set(number, .unchecked)
                    state.segments.checksAsWhole = true
                }
            }
            // Nothing is evicted before its completion is on record, so a tar with a hole is never checked as a whole.
            guard let checked = content.complete, state.segments.isComplete else { return }
            (state.isVerified, state.isRecorded) = (checked, true)
            isWhole.store(true, ordering: .releasing)
        }
    }

    /// Frees what lies in the tar and belongs to no segment that is there: a stop may come between bytes and their record, and between the
    /// record of an eviction and its hole.
    fileprivate func freeUnaccounted() throws(LinuxError) {
        // What an earlier daemon lent is read past us.
        guard try files.tar.allocatedBytes() > 0, recall() else { return }
        let states = state.withLock(\.segments.states)
        for hole in holes(states.indices.filter { states[$0] == .absent }) {
            guard let data = try files.tar.firstData(from: hole.lowerBound), data < hole.upperBound else { continue }
            // A file system without holes keeps it: no harm.
            try? files.tar.punchHole(hole)
        }
    }
}
