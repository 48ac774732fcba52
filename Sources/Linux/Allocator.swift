internal import CLinux

/// The C library's memory allocator (mallopt(3)), which Swift's allocations come from.
package enum Allocator {
    /// Makes freed memory go back to the system: large blocks at once, and few heaps for all threads together.
    ///
    /// By default glibc learns from large blocks to keep them, and gives each thread a heap of its own: a daemon that reads a large
    /// file once would stay as large as the file for the rest of its life. To be called before threads start.
    package static func giveBackFreedMemory() {
        // Sizes in bytes. A wrong number would be refused and change nothing, so the results tell nothing.
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
        _ = mallopt(M_TRIM_THRESHOLD, 1 << 20)
        _ = mallopt(M_ARENA_MAX, 2)
    }
}
