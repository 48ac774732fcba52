internal import CLinux
internal import Glibc

/// A thread of our own for work that may wait: the cooperative pool has as many threads as cores and must never wait.
package enum BlockingThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that ends with `body`.
    /// - Parameter name: at most 15 bytes, seen in ps and top.
    /// - Throws: `tryAgain` if the system gives no more threads.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(LinuxError) {
        // By itself: another thread's name is a file in /proc.
        let named = Body {
            nameCurrent(name)
            body()
        }
        let retained = unsafe Unmanaged.passRetained(named)
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                    body.run()
                }
                return nil
            }, retained.toOpaque())
        guard failure == 0 else {
            unsafe retained.release()
            throw LinuxError(Errno(rawValue: failure), "pthread_create", name)
        }
        _ = pthread_detach(thread)
    }

    /// Names the thread that calls; of a process's first thread, that is the process's name in ps and top. At most 15 bytes.
    package static func nameCurrent(_ name: String) {
        // Only a name that is too long fails.
        _ = unsafe imagelet_name_thread(pthread_self(), String(name.prefix(15)))
    }

    /// Runs `body` on a thread of its own while the task waits.
    package static func run<Result: Sendable>(
        _ name: String, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try start(name) { continuation.resume(with: Swift.Result { try body() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
