internal import Glibc

/// What the kernel tells about threads of other programs.
package enum ThreadStatus {
    /// Whether a thread is being killed, or is gone. A signal that its program handles or ignores is no end; one that isn't and kills
    /// shows as SIGKILL in every thread of the program (proc(5), `SigPnd`).
    /// - Parameter thread: its number as this process sees it. What cannot be looked at counts as alive.
    package static func isEnding(_ thread: Int32) -> Bool {
        let text: String
        do {
            text = String(decoding: try File("/proc/\(thread)/status").read(at: 0, count: 1 << 14), as: UTF8.self)
        } catch {
            return error.errno == .noEntry || error.errno == Errno(rawValue: ESRCH)
        }
        return text.split(separator: "\n").contains { line in
            guard line.hasPrefix("SigPnd:") || line.hasPrefix("ShdPnd:"), let mask = line.split(separator: "\t").last
            else {
                return false
            }
            return UInt64(mask, radix: 16).map { $0 >> UInt64(SIGKILL - 1) & 1 == 1 } ?? false
        }
    }
}
