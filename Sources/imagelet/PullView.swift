internal import GRPC
internal import Report

/// One moment of a pull, as text: a pure function of the progress, the speed and the width.
struct PullView {
    var image: String
    var progress: AdminPullProgress
    var bytesPerSecond: UInt64?
    /// Columns of the terminal.
    var width: Int

    /// At most so many layers get a line of their own.
    static let maximumLayerLines = 12

    /// A line with name and decision, one for each layer, one for all.
    var lines: [String] {
        var lines = ["\(image)  \(headline)"]
        let moving = progress.layers.filter { $0.state != .complete }
        let settled = progress.layers.filter { $0.state == .complete }
        let shown =
            progress.layers.count <= Self.maximumLayerLines
            ? progress.layers : Array(moving.prefix(Self.maximumLayerLines))
        lines += shown.map { line($0) }
        if shown.count < progress.layers.count {
            lines.append("  and \(progress.layers.count - shown.count) more layers, \(settled.count) complete")
        }
        if total.whole > 0, progress.phase == .fetching { lines.append("  \(totals)") }
        return lines
    }

    /// What the pull is at.
    var headline: String {
        switch progress.phase {
        case .resolving, .unspecified, .UNRECOGNIZED: "resolving"
        case .deciding: "deciding"
        case .fetching: decision
        case .done: "done, \(decision)"
        case .failed: "failed"
        }
    }

    var decision: String {
        progress.reasons.first.map { "\(progress.strategy) (\($0))" } ?? progress.strategy
    }

    /// Bytes that have to be here before the pull ends: those of streamed layers need not.
    var total: (part: UInt64, whole: UInt64) {
        progress.layers.filter { $0.state != .streaming }.reduce(into: (part: 0, whole: 0)) { sum, layer in
            sum.part += layer.state == .complete ? layer.blobSize : min(layer.blobFetched, layer.blobSize)
            sum.whole += layer.blobSize
        }
    }

    /// `[=====>    ] 52%  128.0 MiB of 245.1 MiB  24.3 MiB/s  5s left`
    var totals: String {
        let (part, whole) = total
        return "\(Self.bar(part, of: whole, width: barWidth)) \(fetched)"
    }

    /// `52%  128.0 MiB of 245.1 MiB  24.3 MiB/s  5s left`
    var fetched: String {
        let (part, whole) = total
        var text = "\(Measures.percent(part, of: whole))  \(Measures.bytes(part)) of \(Measures.bytes(whole))"
        if let bytesPerSecond {
            text += "  \(Measures.bytes(bytesPerSecond))/s"
            if bytesPerSecond > 0, part < whole {
                text += "  \(Measures.duration(seconds: Int64((whole - part) / bytesPerSecond) + 1)) left"
            }
        }
        return text
    }

    private func line(_ layer: AdminLayerStatus) -> String {
        let name = "  \(Measures.shortDigest(layer.digest))  "
        switch layer.state {
        case .prefetching:
            let amount = "\(Measures.bytes(layer.blobFetched)) of \(Measures.bytes(layer.blobSize))"
            return name + Self.bar(layer.blobFetched, of: layer.blobSize, width: barWidth) + " " + amount
        case .streaming:
            return name + "usable, \(Measures.percent(layer.contentPresent, of: layer.contentSize)) here"
        case .complete:
            return name + "complete, \(Measures.bytes(layer.blobSize))"
        default:
            return name + layer.state.name
        }
    }

    /// What a line has left beside name and numbers.
    private var barWidth: Int { min(max(width - 56, 10), 40) }

    /// `[====>     ]`, `width` characters between the brackets.
    static func bar(_ part: UInt64, of whole: UInt64, width: Int) -> String {
        let share = whole == 0 ? 1 : min(Double(part) / Double(whole), 1)
        let full = Int(share * Double(width))
        let head = full < width ? ">" : ""
        return "[" + String(repeating: "=", count: full) + head
            + String(repeating: " ", count: max(width - full - head.count, 0)) + "]"
    }
}
