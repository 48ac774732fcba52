internal import Distribution
internal import OCI
package import Policy

/// What a registry can do for an image, asked whether or not a pull would want to know.
package struct RegistrySurvey: Sendable, Equatable {
    package enum Support: Sendable, Equatable {
        case yes
        case no
        /// Could not be asked, for this reason.
        case unknown(String)
    }

    package var index: IndexFact
    package var ranges: RangeFact
    /// Of the referrers API.
    package var referrers: Support
}

extension Explainer {
    /// - Throws: `ImageError` if the manifest cannot be had, `CancellationError`.
    package func survey(_ image: String, at origin: any ImageOrigin) async throws -> RegistrySurvey {
        do {
            let name = try Reference(image).withDefaultTag
            switch try await ImageResolver().manifest(name, at: origin) {
            case .unsupported(_, let why): throw ImageError(.unsupported, "\(name): \(why)")
            case .manifest(let resolved): return try await finder.survey(resolved, at: origin)
            }
        } catch let error where !(error is CancellationError) {
            throw ImageError(describing: error)
        }
    }
}
