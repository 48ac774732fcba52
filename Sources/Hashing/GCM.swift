internal import COpenSSL

/// One run of AES-256-GCM by libcrypto. With inputs of the right length its calls fail for want of memory only, but for the check of the tag.
@safe struct GCM: ~Copyable {
    enum Direction: Int32 {
        case open = 0
        case seal = 1
    }

    static let nonceCount = 12
    static let tagCount = 16
    static let overhead = nonceCount + tagCount

    private let context: OpaquePointer

    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes, used once with this key.
    init(_ direction: Direction, key: [UInt8], nonce: [UInt8]) {
        precondition(key.count == SealingKey.byteCount && nonce.count == Self.nonceCount, "AES-256-GCM: wrong lengths")
        guard let context = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("libcrypto: out of memory") }
        unsafe self.context = context
        let started = unsafe key.withUnsafeBufferPointer { key in
            unsafe nonce.withUnsafeBufferPointer { nonce in
                unsafe EVP_CipherInit_ex(
                    context, EVP_aes_256_gcm(), nil, key.baseAddress, nonce.baseAddress, direction.rawValue)
            }
        }
        precondition(started == 1, "libcrypto: cannot start a cipher")
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Takes in bytes that the tag covers and the text does not contain. Before `transform`.
    mutating func authenticate(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        var count: Int32 = 0
        let updated = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe EVP_CipherUpdate(context, nil, &count, source.baseAddress, Int32(source.count))
        }
        precondition(updated == 1, "libcrypto: cannot authenticate")
    }

    /// The text of the other kind, as long as `bytes`. What was opened is not to be believed before `finishOpening`.
    mutating func transform(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.isEmpty else { return [] }
        var result = [UInt8](repeating: 0, count: bytes.count)
        var count: Int32 = 0
        let updated = unsafe result.withUnsafeMutableBufferPointer { target in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe EVP_CipherUpdate(context, target.baseAddress, &count, source.baseAddress, Int32(source.count))
            }
        }
        precondition(updated == 1 && Int(count) == bytes.count, "libcrypto: cannot transform")
        return result
    }

    consuming func finishSealing() -> [UInt8] {
        precondition(finish(), "libcrypto: cannot finish a seal")
        var tag = [UInt8](repeating: 0, count: Self.tagCount)
        let given = unsafe tag.withUnsafeMutableBufferPointer { target in
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(target.count), target.baseAddress)
        }
        precondition(given == 1, "libcrypto: no tag")
        return tag
    }

    /// Whether all that was taken in is what was sealed.
    consuming func finishOpening(_ tag: [UInt8]) -> Bool {
        precondition(tag.count == Self.tagCount, "AES-256-GCM: wrong length of a tag")
        var tag = tag
        let taken = unsafe tag.withUnsafeMutableBufferPointer { source in
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(source.count), source.baseAddress)
        }
        precondition(taken == 1, "libcrypto: cannot set a tag")
        return finish()
    }

    private borrowing func finish() -> Bool {
        // GCM has no last block; the room is what the call's contract asks for.
        var rest = [UInt8](repeating: 0, count: Self.tagCount)
        var count: Int32 = 0
        let ended = unsafe rest.withUnsafeMutableBufferPointer { target in
            unsafe EVP_CipherFinal_ex(context, target.baseAddress, &count)
        }
        return ended == 1
    }
}
