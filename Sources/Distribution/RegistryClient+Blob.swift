package import OCI

/// Takes the bytes of one blob in order.
package protocol BlobSink {
    mutating func take(_ bytes: [UInt8]) throws
    /// All was taken: whether it is what `digest` names.
    mutating func isWhole(_ digest: Digest) throws -> Bool
}

extension RegistryClient {
    /// The whole of a small blob (a config), checked against its digest.
    /// - Parameter cap: most bytes that are accepted; a descriptor with more is refused before anything is asked.
    /// - Throws: `RegistryError`, `CancellationError`.
    package func blob(
        _ reference: Reference, _ descriptor: Descriptor, cap: Int64, credentials: RequestCredentials? = nil
    ) async throws -> [UInt8] {
        struct Memory: BlobSink {
            var bytes: [UInt8] = []

            mutating func take(_ bytes: [UInt8]) { self.bytes += bytes }
            func isWhole(_ digest: Digest) -> Bool { digest.matches(bytes) }
        }
        return try await blob(reference, descriptor, cap: cap, credentials: credentials) { Memory() }.bytes
    }

    /// The whole of a blob into a sink, checked against its digest.
    /// - Parameter makeSink: called for each try: one host's bytes may prove wrong, and another's right.
    /// - Returns: the sink that took the right bytes.
    /// - Throws: `RegistryError`, `CancellationError`, what the sinks throw.
    package func blob<Sink: BlobSink>(
        _ reference: Reference, _ descriptor: Descriptor, cap: Int64, credentials: RequestCredentials? = nil,
        into makeSink: () throws -> Sink
    ) async throws -> Sink {
        guard descriptor.size <= cap else {
            throw RegistryError(
                .tooLarge,
                "\(reference.repositoryName): blob \(descriptor.digest) has \(descriptor.size) bytes, more than \(cap)",
                host: reference.host)
        }
        let access = Access(reference: reference, request: credentials)
        // Wrong bytes are worth a try of every other host, and one more of the last: a proxy may have repaired itself.
        for _ in 0...(try endpoints(for: reference, .pull).count) {
            var sink = try makeSink()
            let source = RegistryBlobSource(client: self, access: access, descriptor: descriptor)
            do {
                try await source.stream(0..<descriptor.size) { try sink.take($0) }
            } catch let failure as HostFailure {
                throw failure.error
            }
            if try sink.isWhole(descriptor.digest) { return sink }
            source.foundWrong(0..<descriptor.size)
        }
        throw RegistryError(
            .invalidResponse, "\(reference.host): blob \(descriptor.digest): the content has another digest",
            host: reference.host)
    }

    /// Ranges of a blob. Nothing is asked before the first read.
    /// - Parameter credentials: tried first; refused ones give way to the node's own, since reads go on long after the pull.
    package func source(
        _ reference: Reference, _ descriptor: Descriptor, credentials: RequestCredentials? = nil
    ) -> any BlobSource {
        source(reference, descriptor, anyOf: credentials.map { [$0] } ?? [])
    }

    /// As `source` with several credentials: each gives way to the next one when it is refused.
    package func source(
        _ reference: Reference, _ descriptor: Descriptor, anyOf credentials: [RequestCredentials]
    ) -> any BlobSource {
        RegistryBlobSource(
            client: self, access: Access(reference: reference, requests: credentials, mayFallBack: true),
            descriptor: descriptor)
    }

    /// Whether the registry serves ranges of this blob; remembered per host for ten minutes.
    /// - Throws: `RegistryError` if it could not be asked, `CancellationError`.
    package func supportsRanges(
        _ reference: Reference, _ descriptor: Descriptor, credentials: RequestCredentials? = nil
    ) async throws -> Bool {
        let access = Access(reference: reference, request: credentials, mayFallBack: true)
        do {
            return try await RegistryBlobSource(client: self, access: access, descriptor: descriptor).servesRanges()
        } catch let failure as HostFailure { throw failure.error }
    }
}
