internal import HTTP
internal import OCI
internal import Synchronization

/// One blob on its way into a repository (registry.md 8).
struct BlobUpload: Sendable {
    let client: RegistryClient
    let access: Access
    let descriptor: Descriptor
    let content: any BlobSource
    /// Repository to mount from.
    let mountFrom: String?

    private var step: String { "pushing blob \(descriptor.digest)" }
    private var blobs: String { "\(access.reference.repository)/blobs" }

    /// - Throws: `HostFailure`, `CancellationError`, what the content throws.
    func run(at endpoint: Endpoint) async throws {
        guard content.size == descriptor.size else {
            throw HostFailure(
                RegistryError(
                    .invalidConfiguration, "\(step): the content has \(content.size) bytes, not \(descriptor.size)"))
        }
        if try await isThere(endpoint) { return }
        guard let start = try await begin(endpoint) else { return }
        do {
            if descriptor.size > RegistryClient.chunkedAbove {
                try await sendChunks(start, endpoint)
            } else {
                try await finish(start.location, endpoint, body: stream(0..<descriptor.size))
            }
        } catch {
            // The registry forgets uploads by itself, later; its answer makes no difference.
            var call = call(.delete, start.location)
            call.actions = ["pull", "push"]
            _ = try? await client.transmission.send(call, to: endpoint, access: access, step: step)
            throw error
        }
    }

    private struct Started {
        var location: HTTPURL
        var minimumChunk: Int64
    }

    private func call(_ method: HTTPRequest.Method, _ location: HTTPURL?) -> Call {
        var call = Call(method: method, path: "\(blobs)/uploads/", timeouts: client.options.timeouts)
        call.location = location
        call.actions = ["pull", "push"]
        return call
    }

    private func isThere(_ endpoint: Endpoint) async throws -> Bool {
        var call = Call(method: .head, path: "\(blobs)/\(descriptor.digest)", timeouts: client.options.timeouts)
        call.actions = ["pull", "push"]
        let answer = try await client.transmission.send(call, to: endpoint, access: access, step: step)
        // Anything else than yes is found out by uploading, except that nobody may.
        if answer.head.status == 401 || answer.head.status == 403 { throw client.failure(answer, endpoint, step) }
        return answer.head.status == 200
    }

    /// Begins an upload, or returns nil if mounting made it needless.
    private func begin(_ endpoint: Endpoint) async throws -> Started? {
        var call = call(.post, nil)
        if let mountFrom {
            call.query = [("mount", "\(descriptor.digest)"), ("from", mountFrom)]
            let answer = try await client.transmission.send(call, to: endpoint, access: access, step: step)
            if answer.head.status == 201 { return nil }
            if answer.head.status == 202 { return try started(answer, endpoint) }
            call.query = []
        }
        return try started(try await client.send(call, to: endpoint, access, step: step, accepted: [202]), endpoint)
    }

    private func started(_ answer: Answer, _ endpoint: Endpoint) throws -> Started {
        let minimum = answer.head.headers.first(of: "OCI-Chunk-Min-Length").flatMap { Int64($0.trimmed) } ?? 0
        return Started(location: try location(answer, endpoint), minimumChunk: max(minimum, 0))
    }

    /// Where to go on: absolute or relative, its query kept.
    private func location(_ answer: Answer, _ endpoint: Endpoint) throws -> HTTPURL {
        guard let text = answer.head.headers.first(of: "Location"), let url = try? answer.url.resolving(text),
            url.origin.scheme == "https" || endpoint.base.origin.scheme == "http"
        else {
            throw HostFailure(
                RegistryError(
                    .invalidResponse, "\(endpoint.name): \(step): no usable location for the upload",
                    host: endpoint.name))
        }
        return url
    }

    private func finish(
        _ location: HTTPURL, _ endpoint: Endpoint, body: (@Sendable () -> HTTPBody)?
    ) async throws {
        let digest = PercentEncoding.encode("\(descriptor.digest)")
        let text = location.text + (location.query == nil ? "?" : "&") + "digest=\(digest)"
        guard let url = try? HTTPURL(text) else {
            throw HostFailure(
                RegistryError(.invalidResponse, "\(endpoint.name): \(step): no usable location for the upload"))
        }
        var call = call(.put, url)
        call.headers = [HTTPHeader("Content-Type", "application/octet-stream")]
        call.body = body
        _ = try await client.send(call, to: endpoint, access, step: step, accepted: [201, 204])
    }

    private func sendChunks(_ start: Started, _ endpoint: Endpoint) async throws {
        guard start.minimumChunk <= 1 << 30 else {
            throw HostFailure(RegistryError(.unsupported, "\(endpoint.name): \(step): wants pieces above 1 GiB"))
        }
        var location = start.location
        var offset: Int64 = 0
        var setbacks = 0
        while offset < descriptor.size {
            let end = min(offset + max(RegistryClient.chunkSize, start.minimumChunk), descriptor.size)
            var call = call(.patch, location)
            // Without the word `bytes`, and inclusive: the specification's own form.
            call.headers = [
                HTTPHeader("Content-Type", "application/octet-stream"),
                HTTPHeader("Content-Range", "\(offset)-\(end - 1)"),
            ]
            call.body = stream(offset..<end)
            do {
                let answer = try await client.send(call, to: endpoint, access, step: step, accepted: [202, 204, 416])
                if answer.head.status != 416 {
                    location = try self.location(answer, endpoint)
                    offset = end
                    continue
                }
                setbacks += 1
                guard setbacks <= 5 else { throw client.failure(answer, endpoint, step) }
            } catch let failure as HostFailure where failure.error.isTransient && setbacks < 5 {
                setbacks += 1
            }
            (location, offset) = try await progress(location, endpoint)
        }
        try await finish(location, endpoint, body: nil)
    }

    /// How much of the upload has arrived: `Range: 0-n`.
    private func progress(_ location: HTTPURL, _ endpoint: Endpoint) async throws -> (HTTPURL, Int64) {
        let answer = try await client.send(
            call(.get, location), to: endpoint, access, step: step, accepted: [204, 202, 200])
        let range = answer.head.headers.first(of: "Range")?.trimmed ?? ""
        let last = range.split(separator: "-" as Character).last.flatMap { Int64($0) }
        let offset = last.map { $0 == 0 ? 0 : $0 + 1 } ?? 0
        guard (0...descriptor.size).contains(offset) else {
            throw HostFailure(RegistryError(.invalidResponse, "\(endpoint.name): \(step): more arrived than was sent"))
        }
        return ((try? self.location(answer, endpoint)) ?? location, offset)
    }

    /// The bytes of `range`, read 1 MiB at a time when the sender wants them.
    private func stream(_ range: Range<Int64>) -> @Sendable () -> HTTPBody {
        let content = content
        return {
            let reader = PieceReader(content: content, range: range)
            return .stream(size: Int64(range.count)) { try await reader.next() }
        }
    }
}

/// Turns a source that pushes into one that is asked.
private final class PieceReader: Sendable {
    private let content: any BlobSource
    private let end: Int64
    private let position: Mutex<Int64>

    init(content: any BlobSource, range: Range<Int64>) {
        self.content = content
        end = range.upperBound
        position = Mutex(range.lowerBound)
    }

    func next() async throws -> [UInt8]? {
        let end = end
        let range = position.withLock { position in
            let lower = position
            position = min(lower + 1 << 20, end)
            return lower..<position
        }
        guard !range.isEmpty else { return nil }
        var piece: [UInt8] = []
        piece.reserveCapacity(range.count)
        try await content.read(range) { piece += $0 }
        return piece
    }
}
