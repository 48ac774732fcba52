/// How a value is written in the file: one place for reading it, writing it, and saying what is allowed.
struct Form<Value> {
    /// What is allowed, as errors and the sample file say it.
    let allowed: String
    let read: (_ text: String, _ isPlain: Bool) -> Value?
    let write: (Value) -> String
    /// Whether it may need quotes when written.
    var isText = true
}

extension Form<String> {
    static func absolutePath(maximumLength: Int = 4095) -> Form {
        Form(
            allowed: "an absolute path of at most \(maximumLength) bytes",
            read: { text, _ in
                let isPath = text.hasPrefix("/") && text.utf8.count <= maximumLength && !text.utf8.contains(0)
                return isPath ? text : nil
            },
            write: { $0 })
    }

    /// `sun_path` of a Unix socket address has 108 bytes with its final zero (unix(7)).
    static var socketPath: Form { absolutePath(maximumLength: 107) }

    static var host: Form {
        Form(
            allowed: "a host name or address with an optional port, without scheme and path",
            read: { text, _ in
                let fits = (1...255).contains(text.utf8.count)
                let isHost = text.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5B, 0x5D: true
                    default: false
                    }
                }
                return fits && isHost ? text : nil
            },
            write: { $0 })
    }

    /// A DNS label, as a RuntimeClass's handler must be (RFC 1123).
    static var label: Form {
        Form(
            allowed: "at most 63 lower-case letters, digits and inner dashes",
            read: { text, _ in
                let isLabel = text.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x61...0x7A, 0x2D: true
                    default: false
                    }
                }
                let fits = (1...63).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
                return fits && isLabel ? text : nil
            },
            write: { $0 })
    }

    static var webAddress: Form {
        Form(
            allowed: "a URL of at most 2048 bytes that begins with http:// or https://",
            read: { text, _ in
                let isWeb = ["http://", "https://"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
                let fits = text.utf8.count <= 2048 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                return isWeb && fits ? text : nil
            },
            write: { $0 })
    }

    static var imagePattern: Form {
        Form(
            allowed: "a pattern of at most 512 bytes over full image names, * within a component, ** across",
            read: { text, _ in
                let fits = (1...512).contains(text.utf8.count)
                return fits && text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) ? text : nil
            },
            write: { $0 })
    }
}

extension Form<Bool> {
    static var truth: Form {
        Form(
            allowed: "true or false",
            read: { text, isPlain in isPlain ? ["true": true, "false": false][text] : nil },
            write: { $0 ? "true" : "false" }, isText: false)
    }
}

extension Form<Int> {
    static func count(_ range: ClosedRange<Int>) -> Form {
        Form(
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { text, isPlain in
                guard isPlain, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text) else {
                    return nil
                }
                return range.contains(number) ? number : nil
            },
            write: { String($0) }, isText: false)
    }
}

extension Form<ByteCount> {
    static func size(_ range: ClosedRange<ByteCount>) -> Form {
        Form(
            allowed: "a size such as 250Mi or 20Gi, from \(range.lowerBound) to \(range.upperBound)",
            read: { text, _ in ByteCount(text).flatMap { range.contains($0) ? $0 : nil } },
            write: { $0.description })
    }
}

extension Form<Share> {
    static var share: Form {
        Form(
            allowed: "a percentage such as 15%, or a size such as 20Gi",
            read: { text, _ in Share(text) },
            write: { $0.description }, isText: false)
    }
}

extension Form<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> Form {
        Form(
            allowed: "a duration such as 30s, 1m30s or 200ms, "
                + "from \(DurationText.write(range.lowerBound)) to \(DurationText.write(range.upperBound))",
            read: { text, _ in DurationText.read(text).flatMap { range.contains($0) ? $0 : nil } },
            write: { DurationText.write($0) })
    }
}

extension Form where Value: CaseIterable & RawRepresentable<String> {
    static var choice: Form {
        Form(
            allowed: "one of: " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            read: { text, _ in Value(rawValue: text) },
            write: { $0.rawValue })
    }
}
