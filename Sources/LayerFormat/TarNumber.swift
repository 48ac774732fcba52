/// Numbers of tar headers and PAX records. All are total: nil is "not a number, or beyond 64 bits".
enum TarNumber {
    /// A header field: octal text between blanks and NULs, or GNU's base 256 if the first byte's high bit is set; blank is 0.
    static func field(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let first = bytes.first else { return 0 }
        return first & 0x80 != 0 ? base256(bytes) : octal(bytes)
    }

    private static func octal(_ bytes: ArraySlice<UInt8>) -> Int64? {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0 || byte == UInt8(ascii: " ") }
        var digits = bytes.drop(while: isBlank)
        digits = digits.prefix { $0 != 0 }
        while let last = digits.last, isBlank(last) { digits = digits.dropLast() }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "7"), value <= Int64.max >> 3 else { return nil }
            value = value << 3 | Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// Big-endian two's complement whose topmost bit is a mark, and whose second is the sign.
    private static func base256(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let invert: UInt8 = (bytes.first ?? 0) & 0x40 != 0 ? 0xff : 0
        var value: UInt64 = 0
        for (position, byte) in bytes.enumerated() {
            guard value >> 55 == 0 else { return nil }
            value = value << 8 | UInt64((byte ^ invert) & (position == 0 ? 0x7f : 0xff))
        }
        return invert == 0 ? Int64(value) : ~Int64(value)
    }

    /// A decimal number with an optional sign, as PAX records have it.
    static func decimal(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = isNegative ? bytes.dropFirst() : bytes
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = tens.subtractingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !overflow, !overflow2 else { return nil }
            value = sum
        }
        // Counted downwards, since the smallest number has no positive twin.
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }

    /// `seconds[.fraction]`; digits below a nanosecond are cut off (POSIX pax, `mtime`).
    static func time(_ bytes: ArraySlice<UInt8>) -> Timestamp? {
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let seconds = decimal(whole) else { return nil }
        var nanoseconds: UInt32 = 0
        if parts.count == 2 {
            for position in 0..<max(9, parts[1].count) {
                let byte = position < parts[1].count ? parts[1][parts[1].startIndex + position] : UInt8(ascii: "0")
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                if position < 9 { nanoseconds = nanoseconds * 10 + UInt32(byte - UInt8(ascii: "0")) }
            }
        }
        guard whole.first == UInt8(ascii: "-"), nanoseconds > 0 else {
            return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
        }
        guard seconds > .min else { return nil }
        return Timestamp(seconds: seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds)
    }
}
