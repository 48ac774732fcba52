internal import CFuse
internal import Glibc
package import Linux

/// The answer to a read: bytes that are written straight into a buffer of this thread and from there to the kernel.
package struct ReadReply: ~Copyable, Sendable {
    private var request: PendingRequest

    init(request: consuming PendingRequest) { self.request = request }

    /// Answers with up to `size` bytes.
    /// - Parameter fill: writes the bytes and says how many. Its buffer holds what a read before left, and is only good inside.
    /// - Throws: what `fill` throws, having answered EIO.
    package consuming func send(size: Int, _ fill: (inout MutableSpan<UInt8>) throws -> Int) throws {
        _ = try trySend(size: size) { span in try fill(&span) }
    }

    /// As `send`, but gives the reply back unanswered if `fill` says nil.
    package consuming func trySend(
        size: Int, _ fill: (inout MutableSpan<UInt8>) throws -> Int?
    ) throws -> ReadReply? {
        let buffer = unsafe ReplyBuffer.ofThisThread(size: size)
        do {
            var span = unsafe MutableSpan(_unsafeElements: buffer)
            guard let count = try fill(&span) else { return self }
            precondition(count <= size, "more bytes than were asked for")
            unsafe request.complete { raw in
                let start = UnsafeRawPointer(buffer.baseAddress)
                return unsafe fuse_reply_buf(raw, start?.assumingMemoryBound(to: CChar.self), count)
            }
            return nil
        } catch {
            request.fail(.ioError)
            throw error
        }
    }

    package consuming func fail(_ errno: Errno) { request.fail(errno) }

    /// The number of the thread that reads, as this process sees it; 0 if it doesn't.
    package var thread: Int32 { request.thread }

    /// Calls `action` when the reader gets a signal, at once if it has already. That may be any signal, also one its program handles,
    /// and is told once: the reader may well still be there and must not get an error. It must not answer, only see to it
    /// that someone does; it isn't called any more once the reply is consumed.
    package mutating func onInterrupt(_ action: @escaping @Sendable () -> Void) { request.onInterrupt(action) }
}

/// One buffer a thread, freed with it.
enum ReplyBuffer {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let failure = unsafe pthread_key_create(&key) { unsafe free($0) }
        precondition(failure == 0, "no thread keys left")
        return key
    }()

    /// At least as long as the kernel's largest read, so that it is allocated once.
    private static let length = 1 << 20

    static func ofThisThread(size: Int) -> UnsafeMutableBufferPointer<UInt8> {
        let existing = size <= length ? unsafe pthread_getspecific(key) : nil
        let start = unsafe existing ?? allocate(size)
        return unsafe UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: size)
    }

    private static func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        // FUSE_MAX_MAX_PAGES is 256: the kernel never asks for more than 1 MiB.
        precondition(size <= length, "a read longer than the kernel's largest")
        guard let start = unsafe malloc(length) else { preconditionFailure("out of memory") }
        unsafe pthread_setspecific(key, start)
        return unsafe start
    }
}
