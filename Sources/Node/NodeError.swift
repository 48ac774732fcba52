/// Why a node cannot be set up, or set back, as it stands. Nothing was changed then.
package struct NodeError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Nothing, or too much, was found of what was asked for.
        case notFound
        /// What is there was written by someone else, or changed since: not ours to touch.
        case foreign
        /// The node is of a kind that cannot be set up.
        case unsupported
        /// A file cannot be read or written.
        case inaccessible
    }

    package var code: Code
    /// What was found, and what to do about it.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
