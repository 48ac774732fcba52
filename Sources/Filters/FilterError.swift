/// A filter that cannot be understood.
package struct FilterError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// It is not written as a filter is.
        case syntax
        /// It is longer or larger than any that makes sense.
        case tooLarge
    }

    package var code: Code
    /// What is wrong, and where.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
