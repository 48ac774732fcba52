internal import LayerFormat
internal import Linux

/// Compares the history that checkpoints promise with the content before them (soci.md part 5, rule f): content depends on windows that
/// only the table of contents vouches for, and this makes a forged one show as soon as a neighbour is here.
struct WindowCheck {
    static let size: Int64 = 32768

    let layer: Layer

    /// - Parameter held: the segment's content if it is not in the tar file.
    /// - Throws: `LayerFormatError.mismatch`.
    func check(_ segment: Segment, held: [UInt8]?) throws {
        if let window = try nextWindow(after: segment.number) {
            let tail =
                try held.map { Array($0.suffix(Int(Self.size))) }
                ?? layer.undisturbed { try knownTail(endingWith: segment) }
            try Self.compare(window, tail, "behind segment \(segment.number)")
        }
        // With segments shorter than a window the neighbour before could not check all of it.
        guard let window = try layer.table.window(before: segment.number) else { return }
        let tail = try layer.undisturbed {
            try layer.presentNeighbour(before: segment.number).map { try knownTail(endingWith: $0) }
        }
        if let tail { try Self.compare(window, tail, "before segment \(segment.number)") }
    }

    private func nextWindow(after number: Int) throws -> [UInt8]? {
        guard number + 1 < layer.table.segmentCount else { return nil }
        return try layer.table.window(before: number + 1)
    }

    /// The last bytes of the segment's content, and of what is here directly before it, up to a window's length.
    private func knownTail(endingWith segment: Segment) throws -> [UInt8] {
        let end = segment.content.upperBound
        let start = max(segment.content.lowerBound, end - Self.size)
        let known = layer.presentStart(reachingBackFrom: segment.number, to: max(0, end - Self.size)) ?? start
        return try layer.files.tar.read(at: min(start, known), count: Int(end - min(start, known)))
    }

    /// A window that begins before the layer does is filled up with zeros in front, hence the comparison from the end.
    static func compare(_ window: [UInt8], _ tail: [UInt8], _ place: String) throws(LayerFormatError) {
        let count = min(window.count, tail.count)
        guard window.suffix(count) == tail.suffix(count) else {
            throw LayerFormatError(.mismatch, "the checkpoint \(place) does not continue the content before it")
        }
    }
}
