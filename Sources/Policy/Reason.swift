/// Why an image is treated as it is: a code that programs and dashboards may rely on, and a sentence for people.
package struct Reason: Sendable, Equatable, Codable, CustomStringConvertible {
    /// The codes never change their names; design.md 3 lists those that decide.
    package enum Code: String, Sendable, Codable, CaseIterable {
        // These decide, in the order in which they are asked.
        case unsupportedManifest
        case runtimeNotAttached
        case requestedByPod
        case matchedRule
        case alreadyLocal
        case unsupportedCompression
        case belowThreshold
        case indexFound
        case noIndex
        case noRanges
        // These come from outside the table: what a node with a runtime meets on the way (design.md 6).
        case alreadyUnpacked
        case degraded
        /// Of a large image, when the volume is nearly full.
        case noRoom

        // These explain a decision further and never stand first.
        case requestNotPossible
        case invalidAnnotation
        case indexRefused
        case indexUnknown
        case indexPoisoned
        case indexIncomplete
        case rangesUnknown
    }

    package let code: Code
    /// One sentence without a full stop.
    package let text: String

    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    package var description: String { "\(code.rawValue): \(text)" }
}

/// A number of bytes as people read it: `249.9 MiB`, rounded down to a tenth.
func readableSize(_ bytes: Int64) -> String {
    var unit = "bytes"
    var scale: Int64 = 1
    for (name, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("PiB", 50), ("EiB", 60)]
    where bytes >> shift > 0 {
        unit = name
        scale = 1 << shift
    }
    guard scale > 1 else { return "\(max(bytes, 0)) bytes" }
    let tenths = (bytes % scale / (scale / 1024)) * 10 / 1024
    return tenths == 0 ? "\(bytes / scale) \(unit)" : "\(bytes / scale).\(tenths) \(unit)"
}
