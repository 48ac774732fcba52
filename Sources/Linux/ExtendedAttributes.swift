internal import CLinux
internal import Glibc

/// Extended attributes of a path itself, symlinks not followed (xattr(7)).
package enum ExtendedAttributes {
    /// The kernel's cap on a value and on a list of names (XATTR_SIZE_MAX, XATTR_LIST_MAX).
    private static let cap = 65536

    /// All names the caller may see, sorted bytewise.
    package static func names(of path: String) throws(LinuxError) -> [[UInt8]] {
        let list = try unsafe fill("llistxattr", path) { unsafe llistxattr(path, $0, $1) }
        return list.split(separator: 0).map([UInt8].init).sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The value of `name`; nil if the file doesn't have it.
    package static func value(of name: String, at path: String) throws(LinuxError) -> [UInt8]? {
        do {
            return try unsafe fill("lgetxattr", path) { unsafe lgetxattr(path, name, $0, $1) }
        } catch let error where error.errno == .noData {
            return nil
        }
    }

    package static func set(_ value: [UInt8], of name: String, at path: String) throws(LinuxError) {
        try system("lsetxattr", path) {
            unsafe value.withUnsafeBytes { unsafe lsetxattr(path, name, $0.baseAddress, $0.count, 0) }
        }
    }

    private static func fill(
        _ operation: StaticString, _ path: String, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(LinuxError) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: cap)
        let count = try system(operation, path) {
            unsafe buffer.withUnsafeMutableBufferPointer { unsafe call($0.baseAddress, $0.count) }
        }
        return buffer[..<count].map { UInt8(bitPattern: $0) }
    }
}
