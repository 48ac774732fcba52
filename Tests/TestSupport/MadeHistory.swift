package import History
import OCI

/// A history as a node would make it, told in a moment.
package enum MadeHistory {
    private static func digest(_ name: String) -> Digest { Digest(of: Array(name.utf8)) }

    /// - Parameters:
    ///   - layers: their sizes.
    ///   - files: paths that readers waited for.
    package static func report(
        image: String = "example.org/shop/web:1", pod: String = "web-0",
        layers: [Int64] = [40 << 20, 300 << 20, 9 << 20],
        files: [String] = ["/usr/bin/python3", "/usr/lib/libc.so.6"], isComplete: Bool = true
    ) async -> HistoryReport {
        let chronicle = Chronicle()
        let telling = chronicle.asked(image, by: Pod(uid: "4f1c", name: pod, namespace: "shop"))
        let digests = layers.indices.map { digest("layer \($0)") }
        telling.resolved(manifest: digest("manifest"), imageID: digest("image"), compressedSize: layers.reduce(0, +))
        telling.decided(
            "stream", reasons: ["indexFound: an index covers the layers"],
            index: UsedIndex(digest: digest("index"), version: "v1"))
        telling.starts(
            StartedImage(
                name: image, manifest: digest("manifest"), imageID: digest("image"),
                layers: zip(digests, layers).map { .init(digest: $0, blobSize: $1, plan: "stream", isHere: false) }))
        telling.mounted()
        // Cannot fail: it does nothing.
        _ = try? await telling.following {}
        let now = ContinuousClock.now
        for (number, path) in files.enumerated() {
            let from = now + .milliseconds(40 * number)
            chronicle.waited(
                digests[number % digests.count], node: UInt32(number), offset: Int64(number) << 12, from: from,
                to: from + .milliseconds(30 + number), failed: number == 1)
            chronicle.name([UInt32(number): path], in: digests[number % digests.count])
        }
        let start = chronicle.pulls.first?.start
        for (layer, size) in zip(digests, layers) {
            for (part, cause) in FetchCause.allCases.enumerated() {
                chronicle.fetched(size * Int64(part) / 4..<size * Int64(part + 1) / 4, of: layer, for: cause)
            }
            if let start {
                chronicle.looked(
                    .init(start: start, layer: layer, cells: 128), isRead: (0..<128).map { $0 % 3 == 0 })
            }
            if isComplete { chronicle.arrived(layer) }
        }
        let starts = start.flatMap(chronicle.start).map { [$0] } ?? []
        return HistoryReport(
            pulls: chronicle.pulls, starts: starts,
            layers: zip(digests, layers).map { layer, size in
                LayerStanding(
                    digest: layer, state: isComplete ? "complete" : "streaming",
                    contentPresent: isComplete ? size * 2 : size, contentSize: size * 2,
                    segmentsPresent: isComplete ? 100 : 50,
                    segmentCount: 100, blobMissing: isComplete ? 0 : size / 2, waiting: 0, isReadPastUs: false,
                    trouble: nil,
                    presence: (0..<128).map { isComplete || $0 < 64 ? 1 : 0 })
            })
    }
}
