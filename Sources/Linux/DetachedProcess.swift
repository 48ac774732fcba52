internal import CLinux
internal import Glibc

/// A process that outlives the one that starts it.
package struct DetachedProcess: Sendable {
    package let id: Int32

    /// Starts `program` in a session of its own. Of this process's descriptors it has `descriptor`, as number 3, and no other; its
    /// standard input and output are /dev/null.
    /// - Parameter arguments: its own name first.
    package init(
        _ program: String, _ arguments: [String], descriptor: borrowing OwnedDescriptor
    ) throws(LinuxError) {
        var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var process: pid_t = 0
        let raw = descriptor.rawValue
        let failure = unsafe imagelet_start_detached(program, &words, raw, &process)
        guard failure == 0 else { throw LinuxError(Errno(rawValue: failure), "posix_spawn", program) }
        id = process
    }

    /// Opens a file for reading and closes it, in a process of its own: whatever the file makes it wait for, this one does not wait.
    package static func touch(_ path: String) throws(LinuxError) {
        let failure = unsafe imagelet_touch_detached(path)
        guard failure == 0 else { throw LinuxError(Errno(rawValue: failure), "fork", path) }
    }

    /// Lets the system forget it if it has ended; it stays a zombie until then.
    package func reap() { _ = waitpid(id, nil, WNOHANG) }
}
