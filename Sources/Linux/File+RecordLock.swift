internal import CLinux
internal import Glibc

extension File {
    /// Runs `body` while this open file has the record lock to write of the whole file (fcntl(2), "Open file description locks"), which
    /// other programs honour that lock by fcntl. For files opened to read and write.
    ///
    /// - Parameter patience: how often it is tried, every 10 ms, while somebody else has it; the thread waits meanwhile.
    /// - Throws: EAGAIN if somebody else goes on having it, and what `body` throws.
    package func withRecordLock<Result>(attempts patience: Int = 1000, _ body: () throws -> Result) throws -> Result {
        for attempt in 1...max(1, patience) {
            do throws(LinuxError) {
                try system("fcntl", path) { imagelet_lock_records(descriptor, 1) }
                break
            } catch {
                guard attempt < patience, [.tryAgain, .accessDenied].contains(error.errno) else { throw error }
                usleep(10_000)
            }
        }
        defer { _ = imagelet_lock_records(descriptor, 0) }
        return try body()
    }
}
