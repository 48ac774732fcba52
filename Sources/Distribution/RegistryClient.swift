package import HTTP
package import Logging
internal import OCI
internal import Telemetry

/// Speaks the registry API for images and artifacts: hosts in order, tokens, redirects, retries (registry.md).
///
/// One client serves a whole process; it keeps tokens, what it learnt about hosts, and nothing else.
package final class RegistryClient: Sendable {
    package struct Options: Sendable {
        /// For questions a pull waits for: manifests, referrers, uploads.
        package var retry: RetryPolicy
        /// For reads of blobs.
        package var blobRetry: RetryPolicy
        /// Limits of requests for manifests and the like.
        package var timeouts: Timeouts
        /// Limits of requests for blobs. By default a body slower than 4 KiB/s over 20 s is given up and resumed.
        package var blobTimeouts: Timeouts
        package var time: Timebase
        package var metrics = RegistryMetrics()

        package init(
            retry: RetryPolicy = RetryPolicy(), blobRetry: RetryPolicy = RetryPolicy(),
            timeouts: Timeouts = Timeouts(floor: .init(bytesPerSecond: 256, over: .seconds(20))),
            blobTimeouts: Timeouts = Timeouts(floor: .init(bytesPerSecond: 4096, over: .seconds(20))),
            time: Timebase = .continuous
        ) {
            self.retry = retry
            self.blobRetry = blobRetry
            self.timeouts = timeouts
            self.blobTimeouts = blobTimeouts
            self.time = time
        }
    }

    let hosts: @Sendable () -> HostConfiguration
    let options: Options
    let logger: Logger
    let transmission: Transmission
    let memory: HostMemory

    /// - Parameters:
    ///   - hosts: asked every few seconds: they may change while the client lives.
    ///   - credentials: the node's own, in the order they are asked.
    package init(
        http: HTTPClient, hosts: @autoclosure @escaping @Sendable () -> HostConfiguration = HostConfiguration(),
        credentials: [any CredentialSource] = [],
        options: Options = Options(), logger: Logger
    ) {
        self.hosts = hosts
        self.options = options
        self.logger = logger
        let authorizer = Authorizer(
            http: http, sources: credentials, time: options.time, metrics: options.metrics, logger: logger)
        transmission = Transmission(http: http, authorizer: authorizer, metrics: options.metrics)
        memory = HostMemory(time: options.time)
    }

    /// The hosts that may do `capability` for `reference`, mirrors first.
    func endpoints(for reference: Reference, _ capability: Endpoint.Capability) throws -> [Endpoint] {
        let all = try endpoints(for: reference)
        let able = all.filter { $0.capabilities.contains(capability) }
        guard !able.isEmpty else {
            throw RegistryError(
                .invalidConfiguration,
                "\(reference.host): no host in hosts.toml has the capability '\(capability.rawValue)'",
                host: reference.host)
        }
        return able
    }

    /// All hosts for `reference`, as configured a few seconds ago at most: each range read asks, and files are slow.
    func endpoints(for reference: Reference) throws -> [Endpoint] {
        if let known = memory.endpoints(for: reference.host) { return known }
        let plan = try hosts().endpoints(for: reference)
        memory.keep(plan.endpoints, for: reference.host)
        for warning in memory.unsaid(plan.warnings) {
            logger.warning("\(warning)", metadata: ["registry.host": "\(reference.host)"])
        }
        return plan.endpoints
    }

    /// Tries `attempt` at the mirrors, once each, and then at the last host, there with retries.
    ///
    /// A mirror that fails in any way rests for a while; its error is only logged, the last host's is thrown.
    /// - Throws: `RegistryError`, `CancellationError`.
    func overHosts<Result>(
        _ access: Access, _ capability: Endpoint.Capability, _ attempt: (Endpoint) async throws -> Result
    ) async throws -> Result {
        let able = try endpoints(for: access.reference, capability)
        for mirror in able.dropLast() where !memory.isResting(mirror, repository: access.reference.repository) {
            do { return try await attempt(mirror) } catch let failure as HostFailure {
                rest(mirror, failure, access)
            }
        }
        return try await atLastHost(access, capability, attempt)
    }

    /// Tries `attempt` at the registry itself (or whichever host stands last), with retries.
    func atLastHost<Result>(
        _ access: Access, _ capability: Endpoint.Capability, _ attempt: (Endpoint) async throws -> Result
    ) async throws -> Result {
        guard let last = try endpoints(for: access.reference, capability).last else {
            throw RegistryError(.invalidConfiguration, "\(access.reference.host): no host")
        }
        let start = options.time.now()
        var tries = 0
        while true {
            do { return try await attempt(last) } catch let failure as HostFailure {
                tries += 1
                let spent = options.time.now() - start
                guard failure.error.isTransient,
                    let delay = options.retry.delay(
                        tries: tries, spent: spent, retryAfter: failure.retryAfter, random: .random(in: 0..<1))
                else { throw failure.error }
                logger.debug(
                    "will try again", metadata: ["registry.host": "\(last.name)", "error": "\(failure.error)"])
                options.metrics.retries.add()
                try await options.time.sleep(delay)
            }
        }
    }

    func rest(_ mirror: Endpoint, _ failure: HostFailure, _ access: Access) {
        memory.rest(mirror, repository: access.reference.repository)
        options.metrics.restedMirrors.add()
        logger.debug(
            "mirror passed over", metadata: ["registry.host": "\(mirror.name)", "error": "\(failure.error)"])
    }

    /// Sends a call and takes any answer whose status is in `accepted`; others are failures of the host.
    func send(
        _ call: Call, to endpoint: Endpoint, _ access: Access, step: String, accepted: Set<Int>
    ) async throws -> Answer {
        let answer = try await transmission.send(call, to: endpoint, access: access, step: step)
        guard accepted.contains(answer.head.status) else { throw failure(answer, endpoint, step) }
        return answer
    }

    /// Sends a GET and returns its body of at most `cap` bytes if the status is 200, nil if it is one of `others`.
    func document(
        _ call: Call, from endpoint: Endpoint, _ access: Access, step: String, cap: Int, others: Set<Int> = []
    ) async throws -> (answer: Answer, body: [UInt8]?) {
        let tooLarge = HostFailure(
            RegistryError(.tooLarge, "\(endpoint.name): \(step): more than \(cap) bytes", host: endpoint.name))
        var body: [UInt8] = []
        var isWanted = false
        let answer = try await transmission.send(call, to: endpoint, access: access, step: step) { head in
            isWanted = head.status == 200
            if isWanted, let length = head.contentLength, length > cap { throw tooLarge }
            return isWanted
        } onBody: { bytes in
            guard bytes.count <= cap - body.count else { throw tooLarge }
            body += bytes
        }
        if isWanted { return (answer, body) }
        guard others.contains(answer.head.status) else { throw failure(answer, endpoint, step) }
        return (answer, nil)
    }

    func failure(_ answer: Answer, _ endpoint: Endpoint, _ step: String) -> HostFailure {
        let isRefusal = answer.head.status == 401 || answer.head.status == 403
        let note = isRefusal ? transmission.authorizer.node.note(endpoint.credentialHost) : nil
        return HostFailure(
            answer, at: answer.isForeign ? answer.url.origin.shortName : endpoint.name, step: step, note: note)
    }
}
