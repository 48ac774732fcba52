internal import LayerFormat
package import OCI
internal import SOCI

/// Checks an image's index against the layers themselves: each is read whole, and every span, window and entry compared.
package struct IndexVerifier: Sendable {
    package struct Verdict: Sendable, Encodable {
        package var layer: Digest
        package var table: Digest
        /// What is wrong; empty if the table is right.
        package var faults: [String]
        /// Whether it is byte for byte what this imagelet would make of the layer.
        package var isIdentical: Bool
    }

    private let origin: any ImageOrigin

    package init(at origin: any ImageOrigin) {
        self.origin = origin
    }

    /// - Throws: `ImageError` if the index or a layer cannot be had; faults are in the verdicts.
    package func verify(
        _ reference: Reference, report: (Verdict) -> Void = { _ in }
    ) async throws -> [Verdict] {
        let inspection = IndexInspection(at: origin)
        return try await inspection.describing {
            var verdicts: [Verdict] = []
            for (layer, descriptor, ztoc) in try await inspection.tables(of: reference) {
                let verdict = try await verify(layer, descriptor, ztoc, in: reference)
                report(verdict)
                verdicts.append(verdict)
            }
            return verdicts
        }
    }

    private func verify(
        _ layer: ResolvedImage.Layer, _ descriptor: Descriptor, _ ztoc: ZTOC, in reference: Reference
    ) async throws -> Verdict {
        let builder = ZTOCBuilder(
            compression: ztoc.compression, spanSize: max(ztoc.spanSize, 1), buildTool: ztoc.buildTool)
        let source = origin.source(layer.descriptor, in: reference)
        try await source.read(0..<layer.descriptor.size) { try builder.feed($0) { _ in } }
        let truth = try builder.finish()
        var faults: [String] = []
        if truth.blobDigest != layer.descriptor.digest {
            faults.append("the registry sends a blob with digest \(truth.blobDigest)")
        }
        if truth.diffID != layer.diffID {
            faults.append("the layer's content has digest \(truth.diffID?.description ?? "unknown"), not its diffID")
        }
        let isIdentical = Digest(ofPieces: truth.pieces) == descriptor.digest
        if !isIdentical {
            faults += try differences(ztoc, ZTOC(InMemoryBytes(Array(truth.pieces.joined()))))
        }
        return Verdict(
            layer: layer.descriptor.digest, table: descriptor.digest, faults: faults, isIdentical: isIdentical)
    }

    /// Where a table differs from the one made of the layer just now. The form may differ (time zones, the peer's versions), facts may not.
    private func differences(_ claimed: ZTOC, _ truth: ZTOC) throws -> [String] {
        if claimed.blobSize != truth.blobSize { return ["it is for a blob of \(claimed.blobSize) bytes"] }
        if claimed.contentSize != truth.contentSize {
            return ["it says the tar has \(claimed.contentSize) bytes, not \(truth.contentSize)"]
        }
        if claimed.segmentCount != truth.segmentCount {
            return ["it has \(claimed.segmentCount) spans where the layer gives \(truth.segmentCount)"]
        }
        var faults: [String] = []
        for number in 0..<claimed.segmentCount where faults.count < Self.enough {
            if claimed.segment(number) != truth.segment(number) {
                faults.append("span \(number) has other bounds or another digest")
            } else if try claimed.window(before: number) != truth.window(before: number) {
                faults.append("the window of span \(number) is not the content before it")
            }
        }
        var entries: [TarEntry] = []
        try truth.forEachEntry { entries.append($0) }
        var index = 0
        try claimed.forEachEntry { entry in
            defer { index += 1 }
            guard faults.count < Self.enough else { return }
            if index >= entries.count || entry != entries[index] {
                faults.append(
                    "entry \(index) ('\(String(decoding: entry.name, as: UTF8.self))') is not what the tar says")
            }
        }
        if index != entries.count { faults.append("it has \(index) entries where the tar has \(entries.count)") }
        return faults
    }

    /// Further faults tell nothing new.
    private static let enough = 10
}
