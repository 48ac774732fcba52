internal import LayerFormat

/// The `mod_time` text of a zTOC: RFC 3339 with up to nine digits of fraction (soci.md 1.5).
enum TimeText {
    /// Always UTC, so that the build machine's time zone leaves no trace; empty for years outside 0...9999.
    static func text(_ time: Timestamp) -> [UInt8] {
        let (days, second) = time.seconds.quotientAndRemainder(dividingBy: 86400)
        let day = second < 0 ? days - 1 : days
        let clock = second < 0 ? second + 86400 : second
        guard (-719_528...2_932_896).contains(day) else { return [] }
        let (year, month, date) = calendar(day: day)
        var text: [UInt8] = []
        text.reserveCapacity(30)
        func put(_ value: Int64, _ width: Int) {
            var divisor: Int64 = 1
            for _ in 1..<width { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / divisor % 10))
                divisor /= 10
            }
        }
        put(year, 4)
        text.append(UInt8(ascii: "-"))
        put(month, 2)
        text.append(UInt8(ascii: "-"))
        put(date, 2)
        text.append(UInt8(ascii: "T"))
        put(clock / 3600, 2)
        text.append(UInt8(ascii: ":"))
        put(clock / 60 % 60, 2)
        text.append(UInt8(ascii: ":"))
        put(clock % 60, 2)
        if time.nanoseconds != 0 {
            text.append(UInt8(ascii: "."))
            put(Int64(time.nanoseconds), 9)
            while text.last == UInt8(ascii: "0") { text.removeLast() }
        }
        text.append(UInt8(ascii: "Z"))
        return text
    }

    /// The instant, whatever the zone; 1970-01-01T00:00:00Z for what is no such text (soci.md 9.10).
    static func time(_ text: [UInt8]) -> Timestamp { parse(text) ?? Timestamp() }

    private static func parse(_ text: [UInt8]) -> Timestamp? {
        var rest = text[...]
        func number(_ width: Int) -> Int64? {
            guard rest.count >= width else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(width) {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            rest = rest.dropFirst(width)
            return value
        }
        func skip(_ wanted: Character) -> Bool {
            guard let byte = rest.first, let ascii = wanted.asciiValue,
                byte == ascii || (wanted == "T" && byte == UInt8(ascii: "t"))
            else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let date = number(2), skip("T"),
            let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2),
            (1...12).contains(month), (1...31).contains(date), hour < 24, minute < 60, second <= 60
        else { return nil }
        var nanoseconds: UInt32 = 0
        if skip(".") {
            var scale: UInt32 = 100_000_000
            var hasDigits = false
            while let digit = number(1) {
                hasDigits = true
                nanoseconds += UInt32(digit) * scale
                scale /= 10
            }
            guard hasDigits else { return nil }
        }
        var offset: Int64 = 0
        switch rest.first {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): rest = rest.dropFirst()
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            let sign: Int64 = rest.first == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
            guard let hours = number(2), skip(":"), let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = sign * (hours * 3600 + minutes * 60)
        default: return nil
        }
        guard rest.isEmpty else { return nil }
        let seconds = day(year: year, month: month, date: date) * 86400 + hour * 3600 + minute * 60 + second - offset
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }

    // Gregorian calendar in eras of 400 years that begin on the first of March, so that the leap day comes last.

    private static func calendar(day: Int64) -> (year: Int64, month: Int64, date: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
    }

    private static func day(year: Int64, month: Int64, date: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
