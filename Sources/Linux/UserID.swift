internal import Glibc

/// Who this process acts for.
package enum UserID {
    /// geteuid(2).
    package static var effective: UInt32 { geteuid() }
}
