internal import COpenSSL

/// A running SHA-2 hash over bytes that arrive in pieces.
@safe package struct ContentHasher: ~Copyable {
    package enum Algorithm: Sendable {
        case sha256
        case sha512

        /// Length of the result in bytes.
        package var byteCount: Int { self == .sha256 ? 32 : 64 }
    }

    package let algorithm: Algorithm
    private let context: OpaquePointer

    package init(_ algorithm: Algorithm = .sha256) {
        self.algorithm = algorithm
        // Neither call can fail but for want of memory: the digests are built into libcrypto.
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("libcrypto: out of memory") }
        unsafe self.context = context
        let digest = algorithm == .sha256 ? unsafe EVP_sha256() : unsafe EVP_sha512()
        let started = unsafe EVP_DigestInit_ex(context, digest, nil)
        precondition(started == 1, "libcrypto: cannot start a digest")
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: borrowing Span<UInt8>) {
        let updated = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
        }
        precondition(updated == 1, "libcrypto: cannot update a digest")
    }

    package mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

    /// Ends the hash and gives its bytes, big-endian as everyone writes them.
    package consuming func finish() -> [UInt8] {
        var result = [UInt8](repeating: 0, count: algorithm.byteCount)
        let ended = unsafe result.withUnsafeMutableBufferPointer { buffer in
            unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
        }
        precondition(ended == 1, "libcrypto: cannot end a digest")
        return result
    }

    /// The hash of `bytes` in one go.
    package static func hash(_ bytes: [UInt8], _ algorithm: Algorithm = .sha256) -> [UInt8] {
        var hasher = ContentHasher(algorithm)
        hasher.update(bytes)
        return hasher.finish()
    }
}
