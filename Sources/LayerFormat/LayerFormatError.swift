/// What is wrong with a layer's tar stream or with a table of contents.
package struct LayerFormatError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The bytes break the format's rules.
        case malformed
        /// The format is known, this use of it isn't supported.
        case unsupported
        /// A count or length exceeds its cap.
        case tooLarge
        /// Content does not have the digest, window or length that was promised.
        case mismatch
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
