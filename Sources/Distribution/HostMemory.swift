internal import HTTP
internal import Synchronization

/// What was found out about hosts lately: mirrors to leave alone, and who serves ranges. Everything fades.
final class HostMemory: Sendable {
    /// How long a mirror that failed for a repository is not asked for it (registry.md 7).
    static let mirrorRest: Duration = .seconds(30)
    /// How long it is remembered whether a host serves ranges. Proxies that were only filling their cache get another chance.
    static let rangesLife: Duration = .seconds(600)
    /// Entries kept before all are forgotten.
    static let limit = 4096

    private struct State {
        var resting: [String: Duration] = [:]
        var ranges: [String: (serves: Bool, until: Duration)] = [:]
    }
    private let state = Mutex(State())
    private let time: Timebase

    init(time: Timebase) { self.time = time }

    func rest(_ endpoint: Endpoint, repository: String) {
        state.withLock { state in
            if state.resting.count >= Self.limit { state.resting = [:] }
            state.resting["\(endpoint.base.text) \(repository)"] = time.now() + Self.mirrorRest
        }
    }

    func isResting(_ endpoint: Endpoint, repository: String) -> Bool {
        state.withLock { state in
            guard let until = state.resting["\(endpoint.base.text) \(repository)"] else { return false }
            return time.now() < until
        }
    }

    func noteRanges(_ endpoint: Endpoint, serves: Bool) {
        state.withLock { state in
            if state.ranges.count >= Self.limit { state.ranges = [:] }
            state.ranges[endpoint.base.text] = (serves, time.now() + Self.rangesLife)
        }
    }

    /// Whether a host serves ranges; nil if that is not known now.
    func servesRanges(_ endpoint: Endpoint) -> Bool? {
        state.withLock { state in
            guard let entry = state.ranges[endpoint.base.text], time.now() < entry.until else { return nil }
            return entry.serves
        }
    }
}
