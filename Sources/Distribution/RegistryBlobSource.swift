internal import HTTP
internal import Logging
internal import OCI
internal import Synchronization
internal import Telemetry

/// Ranges of one blob, from mirrors or the registry (registry.md 4): resumes where a body broke off, keeps the address a redirect led to
/// until it expires, and goes back to the registry then.
final class RegistryBlobSource: BlobSource {
    let size: Int64
    private let client: RegistryClient
    private let access: Access
    private let digest: Digest

    /// Where the registry sent us last time. The URL is a secret and stays here.
    private struct Target {
        var url: HTTPURL
        var endpoint: Endpoint
        var until: Duration?
    }
    private let target = Mutex<Target?>(nil)

    /// Who sent what lately, the latest last.
    private let deliveries = Mutex<[(range: Range<Int64>, endpoint: Endpoint)]>([])
    private static let deliveryLimit = 64

    init(client: RegistryClient, access: Access, descriptor: Descriptor) {
        self.client = client
        self.access = access
        digest = descriptor.digest
        size = descriptor.size
    }

    func foundWrong(_ range: Range<Int64>) {
        let senders = deliveries.withLock { deliveries in
            let guilty = deliveries.filter { $0.range.overlaps(range) }
            deliveries.removeAll { $0.range.overlaps(range) }
            return guilty.map(\.endpoint)
        }
        // What a redirect led to may hold other bytes than the registry would lead to now.
        target.withLock { $0 = nil }
        let last = try? client.endpoints(for: access.reference, .pull).last
        for sender in senders where sender.base != last?.base {
            let why = RegistryError(.invalidResponse, "\(sender.name): \(step): bytes with another digest")
            client.rest(sender, HostFailure(why), access)
        }
    }

    private func note(_ range: Range<Int64>, from endpoint: Endpoint) {
        deliveries.withLock { deliveries in
            if deliveries.count >= Self.deliveryLimit { deliveries.removeFirst() }
            deliveries.append((range, endpoint))
        }
    }

    /// What the caller's closure threw, told apart from failures of the transfer.
    private struct ConsumerFailure: Error { var cause: any Error }
    private struct Enough: Error {}

    /// Failures a read survives while it makes progress, so that a peer that sends a byte a time cannot hold it forever.
    private static let failureLimit = 100

    func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
        guard range.lowerBound >= 0, range.upperBound <= size else {
            throw BlobError(.corrupt, "\(digest): bytes \(range) asked of \(size)")
        }
        do { try await stream(range, consume) } catch let failure as HostFailure { throw failure.blobError }
    }

    /// As `read`, with the host's own error.
    /// - Throws: `HostFailure`, `CancellationError`, what `consume` throws.
    func stream(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
        var position = range.lowerBound
        var lastProgress = client.options.time.now()
        var tries = 0
        var failures = 0
        while position < range.upperBound {
            let before = position
            do {
                try await pass(position..<range.upperBound, mayDropBeginning: range.lowerBound == 0) { bytes in
                    position += Int64(bytes.count)
                    do { try await consume(bytes) } catch { throw ConsumerFailure(cause: error) }
                }
                guard position == before else {
                    (tries, lastProgress) = (0, client.options.time.now())
                    continue
                }
                throw HostFailure(
                    RegistryError(.unavailable, "\(access.reference.host): reading \(digest): an empty answer"))
            } catch let failure as ConsumerFailure {
                throw failure.cause
            } catch let error as RegistryError {
                throw HostFailure(error)
            } catch let failure as HostFailure {
                if position > before { (tries, lastProgress) = (0, client.options.time.now()) }
                tries += 1
                failures += 1
                let spent = client.options.time.now() - lastProgress
                guard failure.error.isTransient, failures < Self.failureLimit,
                    let delay = client.options.blobRetry.delay(
                        tries: tries, spent: spent, retryAfter: failure.retryAfter, random: .random(in: 0..<1))
                else { throw failure }
                client.logger.debug(
                    "blob read will go on", metadata: ["layer.digest": "\(digest)", "error": "\(failure.error)"])
                client.options.metrics.retries.add()
                try await client.options.time.sleep(delay)
            }
        }
    }

    /// Whether the host that would be asked serves ranges; asks for two bytes if that is not known.
    func servesRanges() async throws -> Bool {
        let known = try client.endpoints(for: access.reference, .pull).map { client.memory.servesRanges($0) }
        if known.contains(true) { return true }
        if !known.contains(nil) { return false }
        // The last two bytes: a 200 to these is unmistakable, and it is given up at its head.
        guard size > 2 else { return true }
        do {
            try await stream((size - 2)..<size) { _ in }
            return true
        } catch let failure as HostFailure where failure.lacksRanges {
            return false
        }
    }

    /// The next bytes of `wanted`, from the address known or from the first host that has them.
    private func pass(
        _ wanted: Range<Int64>, mayDropBeginning: Bool, _ consume: ([UInt8]) async throws -> Void
    ) async throws {
        if let known = target.withLock({ $0 }), known.until.map({ client.options.time.now() < $0 }) ?? true {
            let refused: Answer?
            do {
                refused = try await fetch(wanted, mayDropBeginning, from: known.endpoint, at: known.url, consume)
            } catch let failure as HostFailure {
                // The registry may lead somewhere else by now.
                forget(known)
                throw failure
            }
            guard let refused else { return }
            forget(known)
            // Expired or gone: stores say so with any of these (registry.md 4.2). Back to the registry, once per pass.
            guard [400, 401, 403, 404, 410].contains(refused.head.status) else {
                throw client.failure(refused, known.endpoint, step)
            }
        }
        let able = try client.endpoints(for: access.reference, .pull)
        var delivered = false
        for (position, endpoint) in able.enumerated() {
            let isLast = position == able.count - 1
            if !isLast, client.memory.isResting(endpoint, repository: access.reference.repository) { continue }
            do {
                if client.memory.refusesRanges(endpoint), wanted.lowerBound > 0, !mayDropBeginning {
                    throw RangeReader.noRanges(endpoint.name)
                }
                let refused = try await fetch(wanted, mayDropBeginning, from: endpoint, at: nil) { bytes in
                    delivered = true
                    try await consume(bytes)
                }
                guard let refused else { return }
                throw client.failure(refused, endpoint, step)
            } catch let failure as HostFailure {
                if !isLast, !failure.lacksRanges { client.rest(endpoint, failure, access) }
                if isLast || delivered { throw failure }
            }
        }
    }

    private var step: String { "reading blob \(digest)" }

    /// One request. Returns nil if the body was read to its end, else the answer that was none.
    private func fetch(
        _ wanted: Range<Int64>, _ mayDropBeginning: Bool, from endpoint: Endpoint, at url: HTTPURL?,
        _ consume: ([UInt8]) async throws -> Void
    ) async throws -> Answer? {
        var call = Call(path: "\(access.reference.repository)/blobs/\(digest)", range: wanted)
        call.headers = [HTTPHeader("Accept-Encoding", "identity")]
        call.timeouts = client.options.blobTimeouts
        var reader = RangeReader(
            wanted: wanted, size: size, mayDropBeginning: mayDropBeginning, host: url?.origin.shortName ?? endpoint.name
        )
        var isWanted = false
        var received = client.options.metrics.receivedBytes[.storage]
        let wants: (HTTPResponseHead) throws -> Bool = { head in
            if url == nil, (try? HTTPURL(head.url))?.origin == endpoint.base.origin {
                received = self.client.options.metrics.receivedBytes[endpoint.isOrigin ? .registry : .mirror]
            }
            defer { if reader.isWhole { self.client.memory.noteRanges(endpoint, serves: false) } }
            isWanted = try reader.accept(head)
            if isWanted { self.note(wanted, from: endpoint) }
            if isWanted, !reader.isWhole { self.client.memory.noteRanges(endpoint, serves: true) }
            return isWanted
        }
        let onBody: ([UInt8]) async throws -> Void = { piece in
            received.add(piece.count)
            let part = try reader.take(piece)
            if part.count == piece.count {
                try await consume(piece)
            } else if !part.isEmpty {
                try await consume(Array(part))
            }
            if reader.isWhole, reader.isSatisfied, wanted.upperBound < self.size { throw Enough() }
        }
        do {
            let answer: Answer
            if let url {
                // Some registries look at it; it names the blob and nothing secret.
                call.headers.append(HTTPHeader("Referer", try call.url(at: endpoint).redacted))
                answer = try await client.transmission.plain(call, url, endpoint, step, wants, onBody)
            } else {
                answer = try await client.transmission.send(
                    call, to: endpoint, access: access, step: step, wants: wants, onBody: onBody)
                if isWanted, answer.isForeign { remember(answer.url, endpoint) }
            }
            guard isWanted else { return answer }
            guard reader.position == reader.end else {
                throw HostFailure(RegistryError(.unavailable, "\(reader.host): \(step): the body ended early"))
            }
            return nil
        } catch is Enough {
            return nil
        }
    }

    private func forget(_ known: Target) {
        target.withLock { target in
            if target?.url == known.url { target = nil }
        }
    }

    private func remember(_ url: HTTPURL, _ endpoint: Endpoint) {
        let until = SignedURL.life(query: url.query).map { client.options.time.now() + $0 }
        target.withLock { $0 = Target(url: url, endpoint: endpoint, until: until) }
    }
}
