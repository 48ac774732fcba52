/// Numbers as people read them.
package enum Measures {
    /// `812 B`, `1.5 KiB`, `249.9 MiB`: three digits or so, rounded down.
    package static func bytes(_ count: UInt64) -> String {
        guard count >= 1024 else { return "\(count) B" }
        var unit = 0
        var scaled = count
        var tenths: UInt64 = 0
        while scaled >= 1024, unit < units.count {
            tenths = (scaled % 1024) * 10 / 1024
            scaled /= 1024
            unit += 1
        }
        return "\(scaled).\(tenths) \(units[unit - 1])"
    }

    private static let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

    /// Whole percent, rounded down, so that 100 % means all; nothing of nothing is all.
    package static func percent(_ part: UInt64, of whole: UInt64) -> String {
        guard whole > 0 else { return "100%" }
        let share = min(part, whole).multipliedFullWidth(by: 100)
        return "\(whole.dividingFullWidth(share).quotient)%"
    }

    /// `45s`, `2m05s`, `3h20m`, `2d4h`
    package static func duration(seconds: Int64) -> String {
        switch max(seconds, 0) {
        case let seconds where seconds < 60: "\(seconds)s"
        case let seconds where seconds < 3600: "\(seconds / 60)m\(twoDigits(seconds % 60))s"
        case let seconds where seconds < 86_400: "\(seconds / 3600)h\(twoDigits(seconds / 60 % 60))m"
        case let seconds: "\(seconds / 86_400)d\(seconds / 3600 % 24)h"
        }
    }

    /// `0.4s`, `12.3s`, from a minute on as ``duration(seconds:)``
    package static func seconds(_ duration: Duration) -> String {
        let tenths = Int64(duration / .milliseconds(100))
        return tenths < 600 ? "\(tenths / 10).\(tenths % 10)s" : Self.duration(seconds: tenths / 10)
    }

    /// `312ms`, `5.21s`, from a minute on as ``duration(seconds:)``
    package static func time(_ duration: Duration) -> String {
        let milliseconds = max(0, Int64(duration / .milliseconds(1)))
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        if milliseconds >= 60_000 { return Self.duration(seconds: milliseconds / 1000) }
        return "\(milliseconds / 1000).\(twoDigits(milliseconds % 1000 / 10))s"
    }

    private static func twoDigits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The first twelve digits of a digest, without its algorithm.
    package static func shortDigest(_ digest: String) -> String {
        let hex = digest.split(separator: ":", maxSplits: 1).last ?? ""
        return String(hex.prefix(12))
    }
}
