internal import CIsal

/// The checksum of gzip (RFC 1952, 2.3.1), over bytes that come in parts.
@safe enum CRC32 {
    static func update(_ running: UInt32, with byte: UInt8) -> UInt32 {
        unsafe withUnsafePointer(to: byte) { unsafe crc32_gzip_refl(running, $0, 1) }
    }
}
