internal import Hashing
internal import LayerFormat
internal import Linux
internal import Logging
internal import OCI
internal import Synchronization
internal import Telemetry

extension Layer {
    /// A verified segment was written, or is `held` because it could not be.
    /// - Throws: `LayerError` if the layer was closed meanwhile.
    func segmentArrived(_ segment: Segment, checksum: [UInt8], held: [UInt8]?) throws {
        if let held {
            parts.noteFullDisk("segment \(segment.number) of layer \(description.blob) could not be written")
            parts.held.keep(held, HeldSegments.Key(layer: ObjectIdentifier(self), segment: segment.number))
        } else {
            let length = segment.content.upperBound - segment.content.lowerBound
            parts.noteWritten(Int(length))
            // Without a record a restart fetches the segment again; that is all.
            try? journal.append(.segment(number: segment.number, length: length, checksum: checksum))
        }
        try state.withLock { state in
            try checkOpen(state)
            state.end(state.segments.arrived(segment.number, held: held != nil), .ready)
        }
    }

    /// The segment with content directly before `number`, if it is on the disk.
    func presentNeighbour(before number: Int) -> Segment? {
        state.withLock { state in
            var before = number - 1
            while before >= 0 {
                let segment = table.segment(before)
                if !segment.content.isEmpty { return state.segments.states[before] == .present ? segment : nil }
                before -= 1
            }
            return nil
        }
    }

    /// How far back, down to `lowest`, the content directly before segment `number` is on the disk; nil if not at all.
    func presentStart(reachingBackFrom number: Int, to lowest: Int64) -> Int64? {
        state.withLock { state in
            var start: Int64?
            var before = number - 1
            while before >= 0, (start ?? .max) > lowest, state.segments.states[before] == .present {
                start = max(lowest, table.segment(before).content.lowerBound)
                before -= 1
            }
            return start
        }
    }

    /// Compares what a restart left with the journal's checksums; what does not hold is absent again.
    func check(_ id: SegmentStates.RequestID) async throws {
        let (segments, asWhole) = try state.withLock { state in
            guard let (segments, _) = state.segments.begin(id, maxBytes: 0) else { throw CancellationError() }
            return (segments, state.segments.checksAsWhole)
        }
        if asWhole { return try await checkWhole(segments) }
        for number in segments {
            guard let checksum = state.withLock({ $0.checksums[number] }) else { continue }
            let content = table.segment(number).content
            // Bytes that cannot be read do not hold either.
            let hash = try? await parts.bench.run(urgent: true) { try self.files.tar.hash(content) }
            let holds = hash?.prefix(JournalRecord.checksumSize).elementsEqual(checksum) ?? false
            if !holds { try noteDamage("segment \(number)", .dropped(number: number)) }
            state.withLock { state in
                state.checksums[number] = nil
                if holds { state.end(state.segments.arrived(number), .ready) }
            }
        }
    }

    /// The journal says that the whole tar was here, but not that it was synced.
    private func checkWhole(_ segments: Range<Int>) async throws {
        guard
            try await TarDigest(layer: self).hash(.file, algorithm: description.diffID.algorithm)
                == description.diffID.bytes
        else { return try noteDamage("tar", .emptied) }
        state.withLock { state in
            for number in segments { state.end(state.segments.arrived(number), .ready) }
        }
        becomeWhole(uncheckedReason: nil)
        parts.report(.complete(description.blob))
    }

    /// Must be recorded: else a later `synced` would vouch for what is not there.
    private func noteDamage(_ what: String, _ record: JournalRecord) throws {
        parts.metrics.verificationFailures[.cached].add()
        parts.logger.warning(
            "cached bytes do not hold after an unclean stop; they are fetched again",
            metadata: ["layer.digest": "\(description.blob)", "what": "\(what)"])
        try journal.append(record)
    }
}

extension File {
    /// SHA-256 of the bytes of `range`.
    func hash(_ range: Range<Int64>) throws -> [UInt8] {
        var hasher = ContentHasher()
        var offset = range.lowerBound
        while offset < range.upperBound {
            let bytes = try read(at: offset, count: Int(min(1 << 20, range.upperBound - offset)))
            // A cut file gives another hash, and that is the answer.
            guard !bytes.isEmpty else { break }
            hasher.update(bytes)
            offset += Int64(bytes.count)
        }
        return hasher.finish()
    }
}
