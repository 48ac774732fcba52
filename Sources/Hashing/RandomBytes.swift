internal import COpenSSL

/// Bytes nobody can guess.
enum RandomBytes {
    static func draw(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let drawn = unsafe bytes.withUnsafeMutableBufferPointer { target in
            unsafe RAND_bytes(target.baseAddress, Int32(target.count))
        }
        // Fails only if the kernel gives no seed; going on would seal with a key that can be guessed.
        precondition(drawn == 1, "libcrypto: no random bytes")
        return bytes
    }
}
