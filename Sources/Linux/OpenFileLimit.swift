internal import Glibc

/// How many files this process may have open (getrlimit(2), RLIMIT_NOFILE).
package enum OpenFileLimit {
    /// Raises the limit in force to the most the system allows this process.
    /// - Returns: the limit now.
    @discardableResult
    package static func raise() throws(LinuxError) -> UInt64 {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        try system("getrlimit", "open files") { unsafe getrlimit(resource, &limit) }
        limit.rlim_cur = limit.rlim_max
        try system("setrlimit", "open files") { unsafe setrlimit(resource, &limit) }
        return UInt64(limit.rlim_cur)
    }
}
