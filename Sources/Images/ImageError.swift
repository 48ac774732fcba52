internal import Distribution
internal import LayerFormat
internal import Layers
internal import Linux
internal import OCI
internal import State

/// Why a use case failed, in the terms of the person who asked.
package struct ImageError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case invalidReference
        case notFound
        case unauthenticated
        case denied
        case rateLimited
        case unavailable
        case unsupported
        case corrupt
        case diskFull
        case inUse
        case failed
    }

    package var code: Code
    /// What failed, why, and what to try; never holds a secret.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

extension ImageError {
    /// The one place where the errors of the modules below become those of the use cases.
    package init(describing error: any Error) {
        switch error {
        case let error as ImageError: self = error
        case let error as OCIError: self.init(error)
        case let error as RegistryError: self.init(error)
        case let error as BlobError: self.init(error)
        case let error as LayerError: self.init(error)
        case let error as LayerFormatError: self.init(.corrupt, error.message)
        case let error as StateError: self.init(error.code == .diskFull ? .diskFull : .failed, error.message)
        case let error as LinuxError: self.init(error.errno == .noSpace ? .diskFull : .failed, "\(error)")
        default: self.init(.failed, "\(error)")
        }
    }

    private init(_ error: OCIError) {
        let code: Code =
            switch error.code {
            case .invalidDigest, .invalidReference: .invalidReference
            case .invalidManifest, .invalidConfig, .tooLarge, .digestMismatch: .corrupt
            case .unsupportedManifest, .noMatchingPlatform: .unsupported
            }
        self.init(code, error.message)
    }

    private init(_ error: RegistryError) {
        let code: Code =
            switch error.code {
            case .unauthenticated: .unauthenticated
            case .denied: .denied
            case .notFound: .notFound
            case .rateLimited: .rateLimited
            case .unavailable, .tls: .unavailable
            case .invalidResponse, .tooLarge: .corrupt
            case .unsupported: .unsupported
            case .invalidConfiguration: .failed
            }
        self.init(code, error.message)
    }

    private init(_ error: BlobError) {
        let code: Code =
            switch error.code {
            case .rangesUnsupported, .unavailable: .unavailable
            case .notFound: .notFound
            case .refused: .denied
            case .corrupt: .corrupt
            }
        self.init(code, error.message)
    }

    private init(_ error: LayerError) {
        let code: Code =
            switch error.code {
            case .notFound: .notFound
            case .removed, .outOfRange, .disk: .failed
            case .poisoned, .mismatch, .unusableTableOfContents: .corrupt
            case .timedOut, .unavailable: .unavailable
            case .diskFull: .diskFull
            }
        self.init(code, error.message)
    }
}
