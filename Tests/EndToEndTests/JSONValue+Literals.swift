package import OCI

// Messages of the foreign client are written down as literals and taken apart by names.
extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { $1 })
    }

    /// The text of a string; empty for all else, as protobuf leaves out what is empty.
    var text: String {
        guard case .string(let text) = self else { return "" }
        return text
    }

    var list: [JSONValue] {
        guard case .array(let list) = self else { return [] }
        return list
    }

    /// A number, which protobuf's JSON writes as a string if it has 64 bits.
    var number: Int64 {
        if case .integer(let number) = self { return number }
        return Int64(text) ?? 0
    }

    /// What lies under `key`; null for what is not there.
    func at(_ key: String) -> JSONValue { self[key] ?? .null }
}
