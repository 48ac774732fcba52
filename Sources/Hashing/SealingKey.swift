/// A secret key that seals small byte strings, so that they can lie in a file that others may come to read: AES-256-GCM (NIST SP 800-38D)
/// with a random 96-bit nonce each time, which is good for far more than the 2³² seals one key is allowed.
///
/// Never printed.
package struct SealingKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// Length of a key in bytes.
    package static let byteCount = 32
    /// Most bytes that are opened; what was sealed here is far smaller.
    package static let maximumSealed = 1 << 20

    /// The key itself, to be kept where nobody else reads it.
    package let bytes: [UInt8]

    /// Nil unless there are exactly `byteCount` bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    private init(drawing count: Int) { bytes = RandomBytes.draw(count) }

    /// A new key.
    package static func random() -> SealingKey { SealingKey(drawing: byteCount) }

    /// Nonce, ciphertext and tag in one. Opens with the same key and the same `context` only.
    /// - Parameter context: what the content belongs to; authenticated, not contained.
    package func seal(_ content: [UInt8], context: [UInt8]) -> [UInt8] {
        precondition(content.count <= Self.maximumSealed - GCM.overhead, "too much to seal")
        let nonce = RandomBytes.draw(GCM.nonceCount)
        var cipher = GCM(.seal, key: bytes, nonce: nonce)
        cipher.authenticate(context)
        let text = cipher.transform(content)
        return nonce + text + cipher.finishSealing()
    }

    /// The content, or nil if these are not bytes that this key sealed in this context.
    package func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard (GCM.overhead...Self.maximumSealed).contains(sealed.count) else { return nil }
        let nonce = Array(sealed.prefix(GCM.nonceCount))
        let tag = Array(sealed.suffix(GCM.tagCount))
        var cipher = GCM(.open, key: bytes, nonce: nonce)
        cipher.authenticate(context)
        let content = cipher.transform(Array(sealed[GCM.nonceCount..<(sealed.count - GCM.tagCount)]))
        return cipher.finishOpening(tag) ? content : nil
    }

    package var description: String { "a sealing key" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
