/// A number of bytes, written `250Mi` or `20Gi` (factors of 1024), `5M` (factors of 1000) or plainly.
package struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let bytes: Int64

    package init(_ bytes: Int64) { self.bytes = bytes }

    package static func mebibytes(_ count: Int64) -> ByteCount { ByteCount(count << 20) }

    /// Reads a size as Kubernetes writes quantities, whole numbers only; nil if it is none or does not fit 63 bits.
    package init?(_ text: String) {
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        guard let number = Int64(String(decoding: Array(digits), as: UTF8.self)) else { return nil }
        let unit = String(decoding: Array(text.utf8.dropFirst(digits.count)), as: UTF8.self)
        guard let factor = Self.factors.first(where: { $0.unit == unit })?.factor else { return nil }
        let (bytes, overflowed) = number.multipliedReportingOverflow(by: factor)
        guard !overflowed else { return nil }
        self.bytes = bytes
    }

    private static let factors: [(unit: String, factor: Int64)] = [
        ("Pi", 1 << 50), ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10), ("", 1),
        ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000),
    ]

    /// In the largest unit of 1024 that leaves no remainder.
    package var description: String {
        for (unit, factor) in Self.factors where bytes >= factor && bytes % factor == 0 {
            return "\(bytes / factor)\(unit)"
        }
        return String(bytes)
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}
