internal import Foundation

/// The kernel that runs.
package enum Kernel {
    /// Whether its release is `major.minor` or later.
    package static func isAtLeast(_ major: Int, _ minor: Int) -> Bool {
        let release = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
        let numbers = (release ?? "").split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (major, minor)
    }
}
