/// What is wrong with a name, a digest or a document of the OCI formats.
package struct OCIError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case invalidDigest
        case invalidReference
        case invalidManifest
        case invalidConfig
        case unsupportedManifest
        case noMatchingPlatform
        case tooLarge
        case digestMismatch
    }

    package var code: Code
    /// What failed, why, and where it helps what to try; never holds a secret.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
