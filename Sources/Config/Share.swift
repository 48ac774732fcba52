/// A part of a volume as the kubelet's eviction thresholds are written: `15%`, or a size.
package enum Share: Sendable, Hashable, CustomStringConvertible {
    case size(ByteCount)
    /// Of the volume's size, 0 to 100.
    case percent(Int)

    /// Nil unless it is a whole percentage from 0 to 100, or a size.
    package init?(_ text: String) {
        guard text.utf8.last == UInt8(ascii: "%") else {
            guard let size = ByteCount(text) else { return nil }
            self = .size(size)
            return
        }
        let digits = text.utf8.dropLast()
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }), let percent = Int(text.dropLast()), percent <= 100
        else { return nil }
        self = .percent(percent)
    }

    package var description: String {
        switch self {
        case .size(let size): size.description
        case .percent(let percent): "\(percent)%"
        }
    }
}
