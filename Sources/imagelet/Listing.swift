internal import Foundation

/// Something printed in lists: as a row for people, as JSON for programs, as one word for scripts.
protocol Listed: Encodable {
    static var columns: [Table.Column] { get }
    /// As many cells as there are columns.
    var row: [String] { get }
}

/// The one renderer of every list.
struct Listing<Item: Listed> {
    var items: [Item]

    func rendered(as format: OutputFormat) throws -> String {
        switch format {
        case .table: Table(columns: Item.columns, rows: items.map(\.row)).text
        case .json: try JSONText.of(items)
        }
    }
}

/// JSON as we print it: indented, keys sorted, slashes bare, a line break at the end.
enum JSONText {
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
