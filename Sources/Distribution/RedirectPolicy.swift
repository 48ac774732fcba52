internal import HTTP

/// Where a redirect may lead, and with what (registry.md 4.1).
struct RedirectPolicy: Sendable {
    /// Redirects followed for one request.
    static let limit = 10

    struct Step: Sendable, Equatable {
        var url: HTTPURL
        /// Whether scheme, host and port are those of the registry asked first: only then does `Authorization` go along.
        var isSameOrigin: Bool
    }

    /// Whether `status` is a redirect one follows with the same method. 303 is one for GET and HEAD, the only methods we follow with.
    static func isRedirect(_ status: Int) -> Bool { [301, 302, 303, 307, 308].contains(status) }

    /// The next step from `current`, or why there is none.
    /// - Parameters:
    ///   - origin: of the registry that was asked first.
    ///   - hops: redirects followed so far.
    static func next(from current: HTTPURL, location: String?, origin: HTTPURL.Origin, hops: Int) throws(RegistryError)
        -> Step
    {
        func refuse(_ why: String) -> RegistryError {
            RegistryError(
                .invalidResponse, "\(current.origin.shortName): answered a redirect \(why)",
                host: current.origin.shortName)
        }
        guard hops < limit else { throw refuse("after \(limit) others; it may be a loop") }
        guard let location, !location.isEmpty else { throw refuse("without a location") }
        let url: HTTPURL
        do { url = try current.resolving(location) } catch { throw refuse("that is no URL") }
        guard current.origin.scheme == "http" || url.origin.scheme == "https" else {
            throw refuse("from https to http (\(url.origin.host)), which is not followed")
        }
        return Step(url: url, isSameOrigin: url.origin == origin)
    }
}
