internal import Hashing
package import LayerFormat
internal import Linux
internal import Logging
internal import OCI
internal import Synchronization
internal import Telemetry

/// A layer that can be read: its tree, and its tar with what is present of it (design.md part 2).
///
/// Made by `LayerStore`. Bytes are served only after their segment's digest, length and windows were checked.
package final class Layer: Sendable {
    package let description: LayerDescription
    let parts: StoreParts
    let files: LayerFiles
    let table: any SegmentedLayer
    let journal: Journal
    let state: Mutex<LayerState>
    /// All content is here: reads need no lock.
    let isWhole = Atomic<Bool>(false)
    /// Counts evictions; see `undisturbed`.
    let evictions = Atomic<Int>(0)
    let uses: UseStamps
    /// Stamps up to this one say nothing of readers: they were set for what was fetched whole.
    let unreadTick = Atomic<UInt32>(0)
    private let loadedTree = Mutex<LayerTree?>(nil)

    init(
        _ description: LayerDescription, source: any BlobSource, parts: StoreParts, files: LayerFiles,
        table: any SegmentedLayer, journal: Journal, usedBefore: UInt32
    ) {
        self.description = description
        self.parts = parts
        self.files = files
        self.table = table
        self.journal = journal
        uses = UseStamps(contentSize: table.contentSize, before: usedBefore)
        let segments = SegmentStates(layer: table)
        let usual = table.contentSize / Int64(max(1, segments.count))
        state = Mutex(
            LayerState(
                segments: segments, readAhead: ReadAhead(segmentSize: usual, maxWindow: parts.options.maxReadAhead),
                source: source))
    }

    package var progress: LayerProgress {
        let isWhole = isWhole.load(ordering: .acquiring)
        return state.withLock { state in
            var progress = LayerProgress(
                contentPresent: state.segments.presentBytes, contentSize: table.contentSize,
                blobBytesFetched: state.blobBytesFetched, blobSize: description.blobSize,
                segmentsPresent: state.segments.presentCount, segmentCount: state.segments.count,
                waiting: state.demand.count, state: isWhole ? .complete : .streaming, isVerified: state.isVerified,
                trouble: state.trouble)
            if case .poisoned(let reason) = state.condition { (progress.state, progress.trouble) = (.poisoned, reason) }
            return progress
        }
    }

    /// Loads the tree from the table of contents the first time. May wait for the disk.
    package func tree() throws -> LayerTree { try tree(isKept: true) }

    /// As `tree()`.
    /// - Parameter isKept: whether it stays in memory; one that is there is used in any case.
    package func tree(isKept: Bool) throws -> LayerTree {
        try loadedTree.withLock { loaded in
            if let loaded { return loaded }
            let tree = try describing { try parts.format.makeTree(files.tableOfContents) }
            if isKept { loaded = tree }
            return tree
        }
    }

    func setSource(_ source: any BlobSource) { state.withLock { $0.source = source } }

    var source: any BlobSource { state.withLock(\.source) }

    /// - Throws: `LayerError` if nothing may be read.
    func checkOpen(_ state: borrowing LayerState) throws(LayerError) {
        switch state.condition {
        case .open: return
        case .poisoned(let reason): throw LayerError(.poisoned, "layer \(description.blob) is not served: \(reason)")
        case .removed: throw LayerError(.removed, "layer \(description.blob) was removed")
        }
    }

    /// The table of contents was shown to be wrong: from here on nothing is served.
    /// - Returns: the error for who found out.
    func poison(_ reason: String) -> LayerError {
        let isNews = close(.poisoned(reason))
        if isNews {
            parts.metrics.verificationFailures[.tableOfContents].add()
            parts.logger.error(
                "layer poisoned: its table of contents is wrong",
                metadata: ["layer.digest": "\(description.blob)", "reason": "\(reason)"])
            parts.report(.poisoned(description.blob, reason))
            // If this cannot be recorded, the same check finds the same fault after a restart.
            try? journal.append(.poisoned)
            try? journal.sync()
        }
        return LayerError(.poisoned, "layer \(description.blob) is not served: \(reason)")
    }

    /// Stops all transfers and fails all waits.
    /// - Returns: false if it was closed already.
    @discardableResult
    func close(_ condition: LayerState.Condition) -> Bool {
        let (isNews, breakers) = state.withLock { state -> (Bool, [Breaker]) in
            guard case .open = state.condition else {
                // A poisoned layer can still be removed.
                if case .removed = condition { state.condition = condition }
                return (false, [])
            }
            state.condition = condition
            isWhole.store(false, ordering: .releasing)
            let wants = Array(state.segments.wants.keys)
            state.segments.wants = [:]
            // Asking again tells them why.
            state.end(wants, .again)
            return (
                true, state.running.values.map(\.breaker) + [state.fill, state.completion?.breaker].compactMap(\.self)
            )
        }
        for breaker in breakers { breaker.trip() }
        parts.held.drop(layer: ObjectIdentifier(self))
        return isNews
    }

    /// Turns errors of what lies below into ours.
    func describing<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw LayerError(describing: error, description.blob)
        }
    }
}

extension LayerError {
    /// Any error of a layer's work, in this module's terms; cancellation stays what it is.
    init(describing error: any Error, _ blob: Digest) {
        switch error {
        case let error as LayerError: self = error
        case let error as SegmentMismatch: self.init(.mismatch, "layer \(blob): \(error)")
        case let error as BlobError: self.init(.unavailable, "layer \(blob): \(error.message)")
        case let error as LayerFormatError: self.init(.unusableTableOfContents, "layer \(blob): \(error.message)")
        case let error as LinuxError where error.isDiskFull:
            self.init(.diskFull, "layer \(blob): the disk is full (\(error)); free space below the layer store")
        case let error as LinuxError: self.init(.disk, "layer \(blob): \(error)")
        default: self.init(.unavailable, "layer \(blob): \(error)")
        }
    }
}
