package import Hashing

/// The digest of some content, such as `sha256:28dec8…` (OCI image-spec, descriptor.md, Digests).
package struct Digest: Hashable, Sendable, CustomStringConvertible {
    package let algorithm: ContentHasher.Algorithm
    /// The raw hash: 32 bytes for SHA-256, 64 for SHA-512.
    package let bytes: [UInt8]

    /// Parses `algorithm:hex`; only sha256 and sha512 in lower-case hex are digests we can check.
    package init(_ text: some StringProtocol) throws(OCIError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let algorithm: ContentHasher.Algorithm? =
            switch parts.first {
            case "sha256": .sha256
            case "sha512": .sha512
            default: nil
            }
        guard parts.count == 2, let algorithm, let bytes = Self.bytes(hex: parts[1].utf8),
            bytes.count == algorithm.byteCount
        else {
            throw OCIError(
                .invalidDigest, "'\(text.prefix(160))' is not a digest: sha256: and 64, or sha512: and 128 hex digits")
        }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// The SHA-256 whose raw bytes are `sha256`; they must be 32.
    package init(sha256: [UInt8]) {
        precondition(sha256.count == 32, "a SHA-256 has 32 bytes")
        algorithm = .sha256
        bytes = sha256
    }

    /// A hash that was made with `algorithm`: as many bytes as that gives.
    package init(_ algorithm: ContentHasher.Algorithm, hash bytes: [UInt8]) {
        precondition(bytes.count == algorithm.byteCount, "a hash of another algorithm")
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// The digest of `content`.
    package init(of content: [UInt8], _ algorithm: ContentHasher.Algorithm = .sha256) {
        self.algorithm = algorithm
        bytes = ContentHasher.hash(content, algorithm)
    }

    /// The SHA-256 of `pieces`, one after the other.
    package init(ofPieces pieces: [[UInt8]]) {
        var hasher = ContentHasher()
        for piece in pieces { hasher.update(piece) }
        self.init(sha256: hasher.finish())
    }

    /// The hash in lower-case hex, without the algorithm: what file names use.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    package var description: String { (algorithm == .sha256 ? "sha256:" : "sha512:") + hex }

    private static func bytes(hex: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hex.count / 2)
        var high: UInt8?
        for digit in hex {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
