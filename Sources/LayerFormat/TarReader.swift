/// Reads the entries of a tar that is pushed through it in pieces of any size; content is skipped, never copied.
///
/// Understands v7, ustar, star, GNU and PAX with all their extensions, as soci.md 1.4 wants them. Total: any input gives entries, then an
/// end or a `LayerFormatError`, the same however the input is cut. Memory is bounded by `LayerLimits.extendedHeaderSize`.
package struct TarReader {
    /// What the next collected bytes are.
    enum Stage: Equatable {
        case header
        /// One zero block was seen, a second must follow.
        case secondZeroBlock
        case records(global: Bool)
        case longName
        case longLink
        case oldSparseMap
        /// The decimal map at the start of the content (GNU sparse 1.0).
        case contentMap
        case ended
    }

    let limits: LayerLimits
    var stage = Stage.header
    /// Bytes fed so far that were used.
    var position: Int64 = 0
    /// Bytes to jump over before collecting goes on: content, then its padding.
    var contentToSkip: Int64 = 0
    var paddingToSkip: Int64 = 0
    /// Collects a block or an extended header until it has `wanted` bytes.
    var collected: [UInt8] = []
    var wanted = TarHeader.size
    /// Length of the extended header in `collected` without its padding.
    var extendedSize = 0

    var globals = PAXRecords()
    var records: PAXRecords?
    var longName: [UInt8]?
    var longLink: [UInt8]?
    /// A sparse entry whose map is still being collected.
    var sparse: PendingSparse?
    var entryCount = 0
    var failure: LayerFormatError?

    package init(limits: LayerLimits = .standard) { self.limits = limits }

    /// Where the reader stopped: behind the second zero block; where there is none, the end of all that was fed (soci.md 1.5).
    package var contentEnd: Int64 { position }

    /// Takes the next bytes and calls `entry` for each entry whose headers are complete. Bytes behind the end mark are ignored.
    /// - Throws: `LayerFormatError`, or what `entry` throws. After either the reader is dead and throws on every further call.
    package mutating func feed(_ bytes: [UInt8], _ entry: (TarEntry) throws -> Void) throws {
        if let failure { throw failure }
        do {
            try consume(bytes, entry)
        } catch let error as LayerFormatError {
            failure = error
            throw error
        } catch {
            failure = LayerFormatError(.malformed, "the tar was not read to its end")
            throw error
        }
    }

    /// Ends the input. A tar without zero blocks at its end is fine, one cut inside a header or content is not.
    package mutating func finish() throws(LayerFormatError) {
        if let failure { throw failure }
        // The padding of the last file may be missing, as Go's reader permits.
        let isCut = contentToSkip > 0 || !collected.isEmpty || (stage != .header && stage != .secondZeroBlock)
        guard isCut, stage != .ended else { return }
        let error = LayerFormatError(.malformed, "the tar ends at \(position), inside a header or a file")
        failure = error
        throw error
    }

    private mutating func consume(_ bytes: [UInt8], _ entry: (TarEntry) throws -> Void) throws {
        var index = 0
        while index < bytes.count, stage != .ended {
            let left = bytes.count - index
            let skip = min(contentToSkip + paddingToSkip, Int64(left))
            if skip > 0 {
                let content = min(contentToSkip, skip)
                contentToSkip -= content
                paddingToSkip -= skip - content
                position += skip
                index += Int(skip)
                continue
            }
            let take = min(wanted - collected.count, left)
            collected.append(contentsOf: bytes[index..<index + take])
            position += Int64(take)
            index += take
            guard collected.count == wanted else { return }
            try step(entry)
        }
    }

    /// Treats what was collected, and says what to collect next.
    private mutating func step(_ entry: (TarEntry) throws -> Void) throws {
        switch stage {
        case .header, .secondZeroBlock:
            try readHeader(entry)
        case .records, .longName, .longLink:
            try readExtension()
        case .oldSparseMap:
            try readOldSparseMap(entry)
        case .contentMap:
            try readContentMap(entry)
        case .ended:
            break
        }
    }

    /// Collects `size` bytes and their padding next.
    mutating func collect(_ stage: Stage, size: Int) {
        collected.removeAll(keepingCapacity: true)
        self.stage = stage
        wanted = size + Int(Self.padding(of: Int64(size)))
        extendedSize = size
    }

    /// Bytes from `size` to the next multiple of 512.
    static func padding(of size: Int64) -> Int64 { -size & 511 }
}
