internal import CFuse

extension Session {
    package struct Options: Sendable {
        /// Threads that serve; each may block on a question. At least 1.
        package var threads: Int
        /// Questions the kernel may have open in the background (read-ahead); libfuse's default of 12 lets parallel readers queue.
        package var maxBackground: UInt32 = 128
        /// The kernel's read-ahead for sequential readers in KiB; nil leaves the kernel's (128). 1024 is also the longest read it sends.
        package var readAheadKiB: Int?
        /// Whether the kernel may read ahead without anyone waiting. Off, each read has a reader, and a reader that is killed takes its
        /// read along (an interrupt reaches us); see the module's page.
        package var asynchronousReads: Bool
        package var metrics = SessionMetrics()

        package init(threads: Int, readAheadKiB: Int? = 1024, asynchronousReads: Bool = false) {
            self.threads = threads
            self.readAheadKiB = readAheadKiB
            self.asynchronousReads = asynchronousReads
        }

        /// Answers the kernel's offer (FUSE_INIT).
        func negotiate(_ connection: inout fuse_conn_info) {
            var wanted =
                FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO
                | FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT | FUSE_CAP_EXPLICIT_INVAL_DATA
            // Files never change, so nothing is to be guessed from times; and splice is slower at every size (measured.md part 3).
            var unwanted =
                FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE
                | FUSE_CAP_WRITEBACK_CACHE
            if asynchronousReads { wanted |= FUSE_CAP_ASYNC_READ } else { unwanted |= FUSE_CAP_ASYNC_READ }
            connection.want |= connection.capable & UInt32(wanted)
            connection.want &= ~UInt32(unwanted)
            connection.max_background = maxBackground
            connection.congestion_threshold = maxBackground / 4 * 3
        }
    }
}
