internal import CLinux
internal import Glibc

/// The kernel's clock of the day.
package enum SystemClock {
    /// Whether somebody (NTP, the hypervisor) keeps it right (adjtimex(2)).
    package static var isSynchronized: Bool {
        var state = timex()
        // TIME_ERROR, or no right to ask.
        let answer = unsafe adjtimex(&state)
        return answer >= 0 && answer != TIME_ERROR
    }
}
