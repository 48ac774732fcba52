/// One header line of a request or a response.
package struct HTTPHeader: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The header lines of a response in the order they came, repeats kept; names are looked up without regard to case (RFC 9110, 5.1).
package struct HTTPHeaders: Sendable, Hashable {
    package private(set) var lines: [HTTPHeader]

    package init(_ lines: [HTTPHeader] = []) {
        self.lines = lines
    }

    /// The values of all lines called `name`, in order.
    package func values(of name: String) -> [String] {
        lines.filter { Self.same($0.name, name) }.map(\.value)
    }

    /// The value of the first line called `name`.
    package func first(of name: String) -> String? {
        lines.first { Self.same($0.name, name) }?.value
    }

    package mutating func add(_ header: HTTPHeader) {
        lines.append(header)
    }

    /// Whether two header names are the same; only ASCII letters have a case here.
    static func same(_ a: String, _ b: String) -> Bool {
        guard a.utf8.count == b.utf8.count else { return false }
        return zip(a.utf8, b.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
