/// Rows under a header, columns as wide as their widest cell, two blanks between them.
struct Table: Equatable {
    enum Alignment { case left, right }

    struct Column: Equatable {
        var title: String
        var alignment: Alignment

        static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    var columns: [Column]
    var rows: [[String]]

    /// The table with a line break after each line, none of which ends in a blank.
    var text: String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            var line = ""
            for (cell, (column, width)) in zip(cells, zip(columns, widths)) {
                let padding = String(repeating: " ", count: width - cell.count)
                line += (line.isEmpty ? "" : "  ") + (column.alignment == .left ? cell + padding : padding + cell)
            }
            return line.trimmingTrailingBlanks + "\n"
        }.joined()
    }
}

extension String {
    var trimmingTrailingBlanks: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
