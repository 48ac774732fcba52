internal import HTTP
internal import Synchronization

/// Credentials that were refused while another one was accepted: left alone for a while, so that not every read asks in vain first.
final class RefusedCandidates: Sendable {
    static let rest: Duration = .seconds(60)
    /// Entries kept before all are forgotten.
    private static let limit = 4096

    private struct Key: Hashable {
        var base: String
        var scope: TokenScope
        var candidate: CredentialCandidate
    }

    private let until = Mutex<[Key: Duration]>([:])
    private let time: Timebase

    init(time: Timebase) { self.time = time }

    /// `candidates` without those at rest; all of them if none is left.
    func left(of candidates: [CredentialCandidate], at endpoint: Endpoint, _ scope: TokenScope) -> [CredentialCandidate]
    {
        guard candidates.count > 1 else { return candidates }
        let now = time.now()
        let left = until.withLock { until in
            candidates.filter { candidate in
                until[Key(base: endpoint.base.text, scope: scope, candidate: candidate)].map { $0 <= now } ?? true
            }
        }
        return left.isEmpty ? candidates : left
    }

    /// These were refused, and a later one was not.
    func note(_ refused: [CredentialCandidate], at endpoint: Endpoint, _ scope: TokenScope) {
        guard !refused.isEmpty else { return }
        until.withLock { until in
            if until.count + refused.count > Self.limit { until = [:] }
            for candidate in refused {
                until[Key(base: endpoint.base.text, scope: scope, candidate: candidate)] = time.now() + Self.rest
            }
        }
    }

    /// Nobody was accepted: the next time all are tried again.
    func forget(_ candidates: [CredentialCandidate], at endpoint: Endpoint, _ scope: TokenScope) {
        until.withLock { until in
            for candidate in candidates {
                until[Key(base: endpoint.base.text, scope: scope, candidate: candidate)] = nil
            }
        }
    }
}
