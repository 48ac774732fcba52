internal import LayerFormat
internal import Linux
internal import Synchronization

extension Layer: LayerReader {
    package func readIfLocal(at tarOffset: Int64, into buffer: inout MutableSpan<UInt8>) throws -> Bool {
        guard !buffer.isEmpty else { return true }
        let range = try checked(tarOffset, Int64(buffer.count))
        uses.note(range, parts.tick)
        var isFirst = true
        return try undisturbed {
            defer { isFirst = false }
            return try readIfLocal(range, into: &buffer, isFirst: isFirst)
        }
    }

    private func readIfLocal(
        _ range: Range<Int64>, into buffer: inout MutableSpan<UInt8>, isFirst: Bool
    ) throws -> Bool {
        if isWhole.load(ordering: .acquiring) { return try fill(&buffer, from: range) }
        let (isLocal, held) = try state.withLock { state -> (Bool, Bool) in
            try checkOpen(state)
            if isFirst { readAhead(of: range, &state) }
            let segments = state.segments.segments(of: range)
            guard state.segments.areReadable(segments) else { return (false, false) }
            return (true, segments.contains { state.segments.states[$0] == .held })
        }
        guard isLocal else { return false }
        return try held ? fillFromHeld(&buffer, from: range) : fill(&buffer, from: range)
    }

    package func makeLocal(_ tarRange: Range<Int64>) async throws {
        guard !tarRange.isEmpty else { return }
        let range = try checked(tarRange.lowerBound, tarRange.upperBound - tarRange.lowerBound)
        if isWhole.load(ordering: .acquiring) { return }
        let segments = state.withLock { $0.segments.segments(of: range) }
        uses.note(range, parts.tick)
        try await bring(segments, .demand)
        // It may have taken long, and the read is still to come.
        uses.note(range, parts.tick)
    }

    private func checked(_ offset: Int64, _ length: Int64) throws(LayerError) -> Range<Int64> {
        guard offset >= 0, offset <= table.contentSize, length <= table.contentSize - offset else {
            throw LayerError(
                .outOfRange,
                "layer \(description.blob) has \(table.contentSize) bytes; \(length) at \(offset) were asked for")
        }
        return offset..<offset + length
    }

    private func fill(_ buffer: inout MutableSpan<UInt8>, from range: Range<Int64>) throws -> Bool {
        let count = try { () throws(LinuxError) in try files.tar.read(at: range.lowerBound, into: &buffer) }()
        if count == buffer.count { return true }
        // Removed meanwhile, or cut by somebody else.
        try state.withLock { try checkOpen($0) }
        throw LayerError(.disk, "layer \(description.blob): its tar was cut by others; remove the layer and pull again")
    }

    private func fillFromHeld(_ buffer: inout MutableSpan<UInt8>, from range: Range<Int64>) throws -> Bool {
        for number in state.withLock({ $0.segments.segments(of: range) }) {
            let content = table.segment(number).content
            let part = range.clamped(to: content)
            guard !part.isEmpty else { continue }
            let start = Int(part.lowerBound - range.lowerBound)
            let bytes: [UInt8]
            if let held = parts.held.content(HeldSegments.Key(layer: ObjectIdentifier(self), segment: number)) {
                bytes = Array(
                    held[Int(part.lowerBound - content.lowerBound)..<Int(part.upperBound - content.lowerBound)])
            } else if state.withLock({ $0.segments.states[number] == .present }) {
                bytes = try files.tar.read(at: part.lowerBound, count: part.count)
                guard bytes.count == part.count else { return false }
            } else {
                return false
            }
            for index in bytes.indices { buffer[start + index] = bytes[index] }
        }
        return true
    }

    /// Forgets what was held in memory and had to go.
    func dropLostHeld(in segments: Range<Int>, _ state: inout LayerState) {
        for number in segments where state.segments.states[number] == .held {
            if parts.held.content(HeldSegments.Key(layer: ObjectIdentifier(self), segment: number)) == nil {
                state.segments.set(number, .absent)
            }
        }
    }

    private func readAhead(of range: Range<Int64>, _ state: inout LayerState) {
        guard let goal = state.readAhead.note(range)?.clamped(to: 0..<table.contentSize), !goal.isEmpty else { return }
        let segments = state.segments.segments(of: goal)
        // At least two requests, so that two decoders and two connections work for one reader.
        let bytes =
            table.segment(segments.upperBound - 1).compressed.upperBound
            - table.segment(segments.lowerBound).compressed.lowerBound
        let limit = min(parts.options.maxRequestBytes / 2, max(1, bytes / 2))
        perform(state.segments.ask(segments, .readAhead, maxBytes: limit), &state)
    }
}
