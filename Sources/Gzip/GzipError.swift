/// What is wrong with a gzip stream, or with a checkpoint one tried to resume at.
package struct GzipError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The bytes are not gzip, or not deflate where deflate must be.
        case malformed
        /// The stream ended before its content did.
        case truncated
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
