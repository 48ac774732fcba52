/// Why a text is not TOML, and where.
package struct TOMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// From 1.
    package let line: Int
    /// In bytes, from 1.
    package let column: Int
    package let problem: String

    package var description: String { "line \(line), column \(column): \(problem)" }
}
