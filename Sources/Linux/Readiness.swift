internal import Glibc

/// Waiting for descriptors (poll(2)).
package enum Readiness {
    /// What is the matter with a descriptor; neither: nothing.
    package struct State: Sendable, Equatable {
        /// Something can be read, a connection waits, or the other end is gone.
        package var isReadable: Bool
        /// It stands for something that is gone: a connection of FUSE that was cut, a pipe without reader.
        package var isDead: Bool
    }

    /// Waits until one of the descriptors is dead or, if it is among `readable`, can be read.
    /// - Parameters:
    ///   - watched: only waited for to be dead.
    ///   - timeout: waits no longer than that; nil: as long as it takes.
    /// - Returns: one state a descriptor, those of `readable` first.
    package static func wait(
        readable: [Int32], watched: [Int32] = [], timeout: Duration? = nil
    ) throws(LinuxError) -> [State] {
        var entries =
            readable.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            + watched.map { pollfd(fd: $0, events: 0, revents: 0) }
        let milliseconds = timeout.map { Int32(clamping: Int64($0 / .milliseconds(1))) } ?? -1
        try system("poll", "\(entries.count) descriptors") {
            unsafe entries.withUnsafeMutableBufferPointer { buffer in
                unsafe poll(buffer.baseAddress, nfds_t(buffer.count), milliseconds)
            }
        }
        return entries.map { entry in
            let events = Int32(entry.revents)
            return State(
                isReadable: events & (POLLIN | POLLHUP) != 0, isDead: events & (POLLERR | POLLHUP | POLLNVAL) != 0)
        }
    }
}
