internal import GRPCCore

/// `containerd.services.content.v1.Content`
extension RPCClient {
    /// The labels of a blob in `namespace`; nil if containerd has no such blob.
    package func contentLabels(
        _ digest: String, namespace: String, timeout: Duration? = nil
    ) async throws(RPCFailure) -> [String: String]? {
        var request = ContainerdInfoRequest()
        request.digest = digest
        let asked = request
        do {
            return try await calling {
                try await content.info(
                    asked, metadata: RPCLimits.metadata(namespace: namespace),
                    options: RPCLimits.options(timeout: timeout)
                ).info.labels
            }
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// A small blob of containerd's, whole; nil if it has none.
    /// - Parameter cap: the most bytes that are taken.
    /// - Throws: ``RPCFailure`` (`outOfRange`) if it is larger.
    package func readContent(
        _ digest: String, namespace: String, cap: Int, timeout: Duration? = nil
    ) async throws(RPCFailure) -> [UInt8]? {
        var request = ContainerdReadContentRequest()
        request.digest = digest
        let asked = request
        do {
            return try await calling {
                try await content.read(
                    asked, metadata: RPCLimits.metadata(namespace: namespace),
                    options: RPCLimits.options(timeout: timeout)
                ) { response in
                    var bytes: [UInt8] = []
                    for try await part in response.messages {
                        guard bytes.count + part.data.count <= cap else {
                            throw RPCFailure(.outOfRange, "\(asked.digest) is larger than \(cap) bytes")
                        }
                        bytes += part.data
                    }
                    return bytes
                }
            }
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// Puts a small document into containerd's content store, where a pull finds it instead of fetching it. Nothing keeps it there
    /// but what refers to it: containerd's next garbage collection takes one that no pull has come for. One that is there already
    /// is left alone.
    /// - Parameter digest: SHA-256 of `bytes`, which containerd verifies.
    package func writeContent(
        _ bytes: [UInt8], digest: String, namespace: String, timeout: Duration? = nil
    ) async throws(RPCFailure) {
        var request = ContainerdWriteContentRequest()
        request.action = .commit
        request.ref = "imagelet-\(digest)"
        request.total = Int64(bytes.count)
        request.expected = digest
        request.data = .init(bytes)
        let sent = request
        do {
            try await calling {
                try await content.write(
                    metadata: RPCLimits.metadata(namespace: namespace), options: RPCLimits.options(timeout: timeout)
                ) { writer in
                    try await writer.write(sent)
                } onResponse: { response in
                    for try await _ in response.messages {}
                }
            }
        } catch {
            if error.code != .alreadyExists { throw error }
        }
    }

    /// Puts a blob into containerd's content store that is fetched while its place there is held.
    /// - Parameters:
    ///   - name: of the ingest; whoever else wants to write under it waits until this ends, either way.
    ///   - fetch: gives the bytes, which containerd verifies.
    /// - Throws: ``RPCFailure`` (`unavailable` while another writes under `name`).
    package func writeContent(
        _ digest: String, size: Int64, as name: String, namespace: String, timeout: Duration,
        fetchedBy fetch: @escaping @Sendable () async throws -> [UInt8]
    ) async throws(RPCFailure) {
        var request = ContainerdWriteContentRequest()
        request.action = .stat
        request.ref = name
        request.total = size
        request.expected = digest
        let opening = request
        do {
            try await calling {
                try await content.write(
                    metadata: RPCLimits.metadata(namespace: namespace), options: RPCLimits.options(timeout: timeout)
                ) { writer in
                    try await writer.write(opening)
                    let bytes = try await fetch()
                    for part in stride(from: 0, to: bytes.count, by: Self.contentPart) {
                        var request = ContainerdWriteContentRequest()
                        request.action = .write
                        request.offset = Int64(part)
                        request.data = .init(bytes[part..<min(part + Self.contentPart, bytes.count)])
                        try await writer.write(request)
                    }
                    var request = opening
                    request.action = .commit
                    request.offset = Int64(bytes.count)
                    try await writer.write(request)
                } onResponse: { response in
                    for try await _ in response.messages {}
                }
            }
        } catch {
            if error.code != .alreadyExists { throw error }
        }
    }

    /// Bytes of a blob in one message; containerd takes up to 16 MiB.
    private static let contentPart = 1 << 20

    private var content: some ContainerdContent.ClientProtocol { ContainerdContent.Client(wrapping: client) }
}
