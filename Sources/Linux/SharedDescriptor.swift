internal import Glibc

/// A file descriptor that can be passed around and kept in collections; closed when the last one lets go of it.
package final class SharedDescriptor: Sendable {
    package let rawValue: Int32

    package init(_ descriptor: consuming OwnedDescriptor) { rawValue = descriptor.take() }

    deinit { _ = Glibc.close(rawValue) }

    /// A second descriptor of the same open file, for someone who closes it.
    package func duplicate() throws(LinuxError) -> OwnedDescriptor { try OwnedDescriptor(duplicating: rawValue) }

    /// Up to `cap` bytes from the beginning of the file it stands for.
    package func contents(cap: Int) throws(LinuxError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: cap)
        var done = 0
        while done < cap {
            let count = try system("pread", "descriptor \(rawValue)") {
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                    return unsafe pread(rawValue, rest.baseAddress, rest.count, off_t(done))
                }
            }
            if count == 0 { break }
            done += count
        }
        return Array(bytes[..<done])
    }
}
