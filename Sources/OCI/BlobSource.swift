/// Anything that yields byte ranges of one blob: a registry, a mirror, an OCI layout, or a wrapper around one of these.
package protocol BlobSource: Sendable {
    /// Size of the whole blob in bytes, as its descriptor says.
    var size: Int64 { get }

    /// Delivers the bytes of `range` (offsets in the blob, upper bound exclusive, inside `0..<size`) to `consume`, in order and in
    /// chunks of any size, and returns when every byte was delivered exactly once.
    ///
    /// The next chunk is not delivered before `consume` returns: a slow consumer slows the sender down. An error thrown by `consume`
    /// ends the transfer and is rethrown. Cancelling the task takes the transfer off the wire. The bytes are **unverified**.
    /// - Throws: `BlobError`, `CancellationError`, or what `consume` throws.
    func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws

    /// The bytes that came of `range`, or some of them, do not have their digest. Whoever sent them is passed over for a while, as long as
    /// somebody else may have better ones.
    func foundWrong(_ range: Range<Int64>)
}

extension BlobSource {
    /// Without anybody else to ask there is nothing to do.
    package func foundWrong(_ range: Range<Int64>) {}
}

/// Why a source could not give the bytes asked for.
package struct BlobError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The source can only send the whole blob from its first byte (a 200 to a ranged request).
        case rangesUnsupported
        /// The source answered, and has no such blob.
        case notFound
        /// The source refused the credentials.
        case refused
        /// The source could not be reached, or failed on its side; a later try may succeed.
        case unavailable
        /// The source sent something else than was asked for (wrong length, wrong range, wrong digest).
        case corrupt
    }

    package var code: Code
    /// What failed, at which host, and why; never holds a secret or a signed URL's query.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
