internal import Glibc

/// An error number of the kernel, as `errno(3)` names them.
package struct Errno: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// What the last failed call of this thread left.
    static var current: Errno { Errno(rawValue: errno) }

    /// The kernel's words, for example "No such file or directory".
    package var description: String {
        // glibc ≥ 2.32: the result belongs to the thread.
        guard let text = unsafe strerror(rawValue) else { return "error \(rawValue)" }
        return unsafe String(cString: text)
    }

    /// EPERM
    package static let notPermitted = Errno(rawValue: EPERM)
    /// ENOENT
    package static let noEntry = Errno(rawValue: ENOENT)
    /// EINTR
    package static let interrupted = Errno(rawValue: EINTR)
    /// EIO
    package static let ioError = Errno(rawValue: EIO)
    /// EAGAIN
    package static let tryAgain = Errno(rawValue: EAGAIN)
    /// ENOMEM
    package static let noMemory = Errno(rawValue: ENOMEM)
    /// EACCES
    package static let accessDenied = Errno(rawValue: EACCES)
    /// EBUSY
    package static let busy = Errno(rawValue: EBUSY)
    /// EEXIST
    package static let exists = Errno(rawValue: EEXIST)
    /// EXDEV
    package static let crossDevice = Errno(rawValue: EXDEV)
    /// ENODEV
    package static let noDevice = Errno(rawValue: ENODEV)
    /// ENOTDIR
    package static let notDirectory = Errno(rawValue: ENOTDIR)
    /// EISDIR
    package static let isDirectory = Errno(rawValue: EISDIR)
    /// EINVAL
    package static let invalidArgument = Errno(rawValue: EINVAL)
    /// ENOSPC
    package static let noSpace = Errno(rawValue: ENOSPC)
    /// EFBIG
    package static let fileTooLarge = Errno(rawValue: EFBIG)
    /// EROFS
    package static let readOnly = Errno(rawValue: EROFS)
    /// ERANGE
    package static let outOfRange = Errno(rawValue: ERANGE)
    /// ENAMETOOLONG
    package static let nameTooLong = Errno(rawValue: ENAMETOOLONG)
    /// ENOSYS
    package static let notImplemented = Errno(rawValue: ENOSYS)
    /// ENOTEMPTY
    package static let notEmpty = Errno(rawValue: ENOTEMPTY)
    /// ELOOP
    package static let symlinkLoop = Errno(rawValue: ELOOP)
    /// ENODATA
    package static let noData = Errno(rawValue: ENODATA)
    /// ENXIO
    package static let noSuchAddress = Errno(rawValue: ENXIO)
    /// EOPNOTSUPP
    package static let notSupported = Errno(rawValue: EOPNOTSUPP)
    /// EADDRINUSE
    package static let addressInUse = Errno(rawValue: EADDRINUSE)
    /// EPROTOTYPE
    package static let wrongSocketType = Errno(rawValue: EPROTOTYPE)
    /// EPIPE
    package static let brokenPipe = Errno(rawValue: EPIPE)
    /// EMSGSIZE
    package static let messageTooLong = Errno(rawValue: EMSGSIZE)
    /// ECONNABORTED
    package static let connectionAborted = Errno(rawValue: ECONNABORTED)
    /// ECONNRESET
    package static let connectionReset = Errno(rawValue: ECONNRESET)
    /// ECONNREFUSED
    package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    /// ENOTCONN
    package static let notConnected = Errno(rawValue: ENOTCONN)
    /// ESTALE
    package static let stale = Errno(rawValue: ESTALE)
    /// EDQUOT
    package static let quotaExceeded = Errno(rawValue: EDQUOT)
    /// ECANCELED
    package static let cancelled = Errno(rawValue: ECANCELED)
}
