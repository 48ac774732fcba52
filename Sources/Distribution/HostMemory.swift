internal import HTTP
internal import Synchronization

/// What was found out about hosts lately: mirrors to leave alone, and who serves ranges. Everything fades.
final class HostMemory: Sendable {
    /// How long a mirror that failed for a repository is not asked for it (registry.md 7).
    static let mirrorRest: Duration = .seconds(30)
    /// How long it is remembered whether a host serves ranges. Proxies that were only filling their cache get another chance.
    static let rangesLife: Duration = .seconds(600)
    /// How long reads are refused unasked because their host answered the last one with the whole blob: they have a reader, who would
    /// have to wait for a host that recovers long before.
    static let refusalLife: Duration = .seconds(10)
    /// How long a reading of hosts.toml is good.
    static let planLife: Duration = .seconds(5)
    /// Entries kept before all are forgotten.
    static let limit = 4096

    private struct State {
        var resting: [String: Duration] = [:]
        var ranges: [String: (serves: Bool, noted: Duration)] = [:]
        var plans: [String: (endpoints: [Endpoint], until: Duration)] = [:]
        var warnings: Set<String> = []
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
            state.ranges[endpoint.base.text] = (serves, time.now())
        }
    }

    /// Whether a host serves ranges; nil if that is not known now.
    func servesRanges(_ endpoint: Endpoint) -> Bool? {
        state.withLock { state in
            guard let entry = state.ranges[endpoint.base.text], time.now() < entry.noted + Self.rangesLife else {
                return nil
            }
            return entry.serves
        }
    }

    /// Whether a host is not to be asked for a range just now.
    func refusesRanges(_ endpoint: Endpoint) -> Bool {
        state.withLock { state in
            guard let entry = state.ranges[endpoint.base.text], !entry.serves else { return false }
            return time.now() < entry.noted + Self.refusalLife
        }
    }

    func endpoints(for host: String) -> [Endpoint]? {
        state.withLock { state in
            guard let plan = state.plans[host], time.now() < plan.until else { return nil }
            return plan.endpoints
        }
    }

    func keep(_ endpoints: [Endpoint], for host: String) {
        state.withLock { state in
            if state.plans.count >= Self.limit { state.plans = [:] }
            state.plans[host] = (endpoints, time.now() + Self.planLife)
        }
    }

    /// Those of `warnings` that were not given out before.
    func unsaid(_ warnings: [String]) -> [String] {
        state.withLock { state in
            if state.warnings.count >= Self.limit { state.warnings = [] }
            return warnings.filter { state.warnings.insert($0).inserted }
        }
    }
}
