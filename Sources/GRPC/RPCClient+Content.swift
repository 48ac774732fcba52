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

    /// Puts a document or small blob into containerd's content store, where a pull finds it instead of fetching it. Nothing keeps it there
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

    private var content: some ContainerdContent.ClientProtocol { ContainerdContent.Client(wrapping: client) }
}
