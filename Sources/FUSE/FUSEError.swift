/// Why a FUSE session could not start or go on.
package struct FUSEError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// There is no FUSE here, or this process may not use it.
        case unavailable
        /// The kernel refused the mount.
        case mount
        /// Kernel and libfuse did not come to terms, or the session broke.
        case session
    }

    package var code: Code
    /// What failed, why, and what to try.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
