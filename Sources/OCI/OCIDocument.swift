internal import FoundationEssentials

/// Reading and writing of OCI's JSON documents: capped, total, and with errors that name the field.
package enum OCIDocument {
    /// The largest manifest, index or config that is read: 8 MiB (registry.md 2).
    package static let maximumSize = 8 << 20

    /// Decodes a JSON document of at most `maximumSize` bytes. Nesting is bounded by the decoder (512 levels), so depth cannot crash.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], what: String, error code: OCIError.Code
    ) throws(OCIError) -> Value {
        guard bytes.count <= maximumSize else {
            throw OCIError(.tooLarge, "the \(what) has \(bytes.count) bytes; at most \(maximumSize) are read")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw OCIError(code, "the \(what) is not valid: \(reason(error))")
        }
    }

    /// Compact JSON with sorted keys: the same value gives the same bytes.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    private static func reason(_ error: any Error) -> String {
        func at(_ path: [any CodingKey]) -> String {
            guard !path.isEmpty else { return "at its top" }
            return "at "
                + path.prefix(8).map { $0.intValue.map { "[\($0)]" } ?? String($0.stringValue.prefix(64)) }
                .joined(separator: ".")
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            return "'\(key.stringValue)' is missing \(at(context.codingPath))"
        case DecodingError.typeMismatch(_, let context):
            return "a value of another type is expected \(at(context.codingPath))"
        case DecodingError.valueNotFound(_, let context):
            return "null is not allowed \(at(context.codingPath))"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "\(at(context.codingPath)): \(context.debugDescription.prefix(200))"
        case let error as OCIError:
            return error.message
        default:
            return "it is no JSON document"
        }
    }
}
