/// A system call that failed: which one, on what, and why.
package struct LinuxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Why, in the kernel's terms.
    package var errno: Errno
    /// What was tried, by the name of its manual page: "open", "pread", "mount".
    package var operation: String
    /// The path it was tried on, or what else tells the object apart.
    package var path: String

    package init(_ errno: Errno, _ operation: String, _ path: String) {
        self.errno = errno
        self.operation = operation
        self.path = path
    }

    package var description: String { "\(operation) \(path): \(errno)" }
}

/// Runs `call` until no signal interrupts it.
/// - Throws: what `errno` says when `call` gives a negative number.
@discardableResult
@inline(__always)
func system<Result: SignedInteger>(
    _ operation: StaticString, _ path: @autoclosure () -> String, _ call: () -> Result
) throws(LinuxError) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let errno = Errno.current
        if errno != .interrupted { throw LinuxError(errno, operation.description, path()) }
    }
}
