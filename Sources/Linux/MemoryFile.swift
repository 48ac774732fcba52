internal import CLinux
internal import Glibc

/// Files that have no name and lie in memory (memfd_create(2)).
package enum MemoryFile {
    /// A file of these bytes that nobody can change any more.
    /// - Parameter name: shown in /proc, for people.
    package static func make(_ name: String, _ bytes: [UInt8]) throws(LinuxError) -> OwnedDescriptor {
        let file = OwnedDescriptor(
            taking: try system("memfd_create", name) { unsafe imagelet_memory_file(name) })
        let raw = file.rawValue
        var done = 0
        while done < bytes.count {
            done += try system("write", name) {
                unsafe bytes.withUnsafeBytes { buffer in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                    return unsafe write(raw, rest.baseAddress, rest.count)
                }
            }
        }
        try system("fcntl", name) { imagelet_seal(raw) }
        return file
    }
}
