internal import Hashing

extension Digest {
    /// The part before the colon, as directories of layouts and fallback tags have it.
    package var algorithmName: String { algorithm == .sha256 ? "sha256" : "sha512" }

    /// Whether `content` has this digest.
    package func matches(_ content: [UInt8]) -> Bool { Digest(of: content, algorithm) == self }
}
