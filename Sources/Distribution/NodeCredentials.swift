internal import Logging
internal import Synchronization
internal import Telemetry

/// The node's own credentials, from its sources in order, remembered until they grow old or are refused.
///
/// A refused one is renewed by whichever source can: the sources are asked anew, and the first that gives another credential than those
/// refused is believed. However many requests were refused with it, it is renewed once.
final class NodeCredentials: Sendable {
    /// How long a credential is used before its source is asked again.
    static let life: Duration = .seconds(600)
    /// How long sources are left alone after none of them had anything new.
    static let pause: Duration = .seconds(5)
    /// Targets remembered before all are forgotten: repositories are named by users.
    private static let limit = 4096

    private struct Known {
        var credential: Credential?
        var at: Duration
        var refused: Set<Credential> = []
        /// When everybody was asked in vain.
        var renewedInVain: Duration?
    }

    private struct Question: Hashable {
        var target: CredentialTarget
        var fresh: Bool
    }

    private let sources: [any CredentialSource]
    private let time: Timebase
    private let metrics: RegistryMetrics
    private let logger: Logger
    private let known = Mutex<[CredentialTarget: Known]>([:])
    private let notes = Mutex<[String: String]>([:])
    private let flights = SingleFlight<Question, Credential?>()

    init(
        sources: [any CredentialSource], time: Timebase, metrics: RegistryMetrics = RegistryMetrics(), logger: Logger
    ) {
        self.sources = sources
        self.time = time
        self.metrics = metrics
        self.logger = logger
    }

    func credential(for target: CredentialTarget) async throws -> Credential? {
        let now = time.now()
        if let entry = known.withLock({ $0[target] }), now - entry.at < Self.life { return entry.credential }
        return try await flights.value(for: Question(target: target, fresh: false)) {
            let credential = try await self.ask(target, fresh: false, refused: [])
            self.remember(Known(credential: credential, at: self.time.now()), target)
            return credential
        }
    }

    /// Makes up for a credential that was refused (nil: for having had none). True if there is another one now.
    func renew(_ refused: Credential?, for target: CredentialTarget) async throws -> Bool {
        if let done = renewal(of: refused, target) { return done }
        let now = try await flights.value(for: Question(target: target, fresh: true)) {
            // Between the look above and now another flight may have landed.
            let entry = self.known.withLock { $0[target] }
            if let entry, entry.credential != refused { return entry.credential }
            var out = entry?.refused ?? []
            if let refused { out.insert(refused) }
            if let found = try await self.ask(target, fresh: true, refused: out) {
                self.remember(Known(credential: found, at: self.time.now(), refused: out), target)
                self.metrics.renewals[.renewed].add()
                return found
            }
            // All were refused. The registry may change its mind, so the next one starts anew.
            let now = self.time.now()
            self.metrics.renewals[.failed].add()
            self.remember(Known(credential: refused, at: entry?.at ?? now, renewedInVain: now), target)
            return refused
        }
        return now != nil && now != refused
    }

    /// Why sources could not be asked for a host, for error texts.
    func note(_ host: String) -> String? { notes.withLock { $0[host] } }

    /// Whether there is a newer one already, or certainly none; nil if that is to be found out.
    private func renewal(of refused: Credential?, _ target: CredentialTarget) -> Bool? {
        guard let entry = known.withLock({ $0[target] }) else { return nil }
        if entry.credential != refused { return entry.credential != nil }
        if let vain = entry.renewedInVain, time.now() - vain < Self.pause { return false }
        return nil
    }

    private func ask(
        _ target: CredentialTarget, fresh: Bool, refused: Set<Credential>
    ) async throws -> Credential? {
        var trouble: String?
        defer { notes.withLock { [trouble] notes in notes[target.host] = trouble } }
        for source in sources {
            do {
                let found = try await source.credential(for: target, fresh: fresh)
                if let found, !refused.contains(found) { return found }
            } catch let error as RegistryError {
                // A public image must not fail for it; if the registry then refuses, its error names this one.
                logger.warning(
                    "credentials could not be asked for",
                    metadata: ["registry.host": "\(target.host)", "error": "\(error)"])
                trouble = trouble ?? error.message
            }
        }
        return nil
    }

    private func remember(_ entry: Known, _ target: CredentialTarget) {
        known.withLock { known in
            if known.count >= Self.limit { known = [:] }
            known[target] = entry
        }
    }
}
