internal import CFuse
internal import CLinux
internal import Glibc
internal import Linux

/// libfuse's session on our own /dev/fuse descriptor. `stop`, `mute` and the notifications may be called while `serve` runs.
@safe final class Connection: @unchecked Sendable {
    private let session: OpaquePointer
    private let device: OpaquePointer
    private let descriptor: Int32
    private let context: Unmanaged<Context>

    /// Makes the session on a descriptor of /dev/fuse.
    init(_ context: Context, on descriptor: consuming OwnedDescriptor) throws(FUSEError) {
        let retained = unsafe Unmanaged.passRetained(context)
        guard let device = unsafe imagelet_fuse_device_new(retained.toOpaque()) else {
            unsafe retained.release()
            throw FUSEError(.session, "libfuse: out of memory")
        }
        var operations = Operations.make()
        guard let session = unsafe Self.makeSession(&operations, device) else {
            unsafe imagelet_fuse_device_free(device)
            unsafe retained.release()
            throw FUSEError(.session, "libfuse: cannot make a session")
        }
        unsafe self.context = retained
        unsafe self.device = device
        unsafe self.session = session
        self.descriptor = descriptor.rawValue
        // From here on deinit cleans up.
        var io = fuse_custom_io()
        unsafe io.read = imagelet_fuse_read
        unsafe io.writev = imagelet_fuse_writev
        let failure = unsafe fuse_session_custom_io(session, &io, self.descriptor)
        guard failure == 0 else { throw FUSEError(.session, "libfuse: custom I/O: \(Errno(rawValue: -failure))") }
        // libfuse closes it with the session.
        _ = descriptor.take()
    }

    deinit {
        unsafe fuse_session_destroy(session)
        unsafe imagelet_fuse_device_free(device)
        unsafe context.release()
    }

    private static func makeSession(_ operations: inout fuse_lowlevel_ops, _ device: OpaquePointer) -> OpaquePointer? {
        // libfuse copies the arguments; the first is the program's name.
        guard let name = unsafe strdup("imagelet") else { return nil }
        defer { unsafe free(name) }
        var argument: UnsafeMutablePointer<CChar>? = unsafe name
        return unsafe withUnsafeMutablePointer(to: &argument) { pointer in
            var arguments = unsafe fuse_args(argc: 1, argv: pointer, allocated: 0)
            defer { unsafe fuse_opt_free_args(&arguments) }
            return unsafe fuse_session_new(
                &arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, UnsafeMutableRawPointer(device))
        }
    }

    /// A second descriptor of the connection: it stays as long as any is open.
    func duplicate() throws(LinuxError) -> OwnedDescriptor { try OwnedDescriptor(duplicating: descriptor) }

    /// Waits for the kernel's FUSE_INIT and answers it. The kernel asks nothing else before.
    /// - Parameter earlier: the request of an earlier session on this descriptor: it is answered again, unheard by the kernel.
    func shakeHands(repeating earlier: [UInt8]? = nil) throws(FUSEError) -> Session.Handshake {
        if let earlier {
            let fits = unsafe earlier.withUnsafeBytes { bytes in
                unsafe imagelet_fuse_device_replay(device, bytes.baseAddress, bytes.count)
            }
            guard fits != 0 else { throw FUSEError(.session, "the earlier greeting is none") }
        }
        var buffer = unsafe fuse_buf()
        let length = unsafe fuse_session_receive_buf(session, &buffer)
        defer { unsafe free(buffer.mem) }
        guard length > 0 else {
            throw FUSEError(.session, "/dev/fuse: no greeting from the kernel: \(Errno(rawValue: -length))")
        }
        unsafe fuse_session_process_buf(session, &buffer)
        let (request, reply) = (message(0), message(1))
        guard !request.isEmpty, !reply.isEmpty else {
            throw FUSEError(.session, "libfuse: the kernel's FUSE protocol is not one it speaks")
        }
        return Session.Handshake(request: request, reply: reply)
    }

    private func message(_ reply: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let length = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe imagelet_fuse_device_handshake(device, reply, buffer.baseAddress, buffer.count)
        }
        return Array(bytes[..<length])
    }

    /// Answers the kernel until the mount is gone or `stop` was called; blocks.
    func serve(threads: Int) throws(FUSEError) {
        let failure = unsafe imagelet_fuse_serve(
            device, session, Int32(clamping: threads), fuse_session_receive_buf, fuse_session_process_buf)
        if failure > 0 { throw FUSEError(.session, "/dev/fuse: the session broke: \(Errno(rawValue: failure))") }
    }

    /// How far serving has come.
    var progress: Session.Progress {
        var taken: UInt = 0
        var waiting: Int32 = 0
        unsafe imagelet_fuse_progress(device, &taken, &waiting)
        return Session.Progress(questionsTaken: UInt64(taken), idleThreads: Int(waiting))
    }

    /// Asks the kernel to put again what was taken from the descriptor and never answered.
    /// - Returns: false if the kernel cannot (before 6.9): whoever asked waits for ever.
    func askAgain() -> Bool { imagelet_fuse_resend(descriptor) > 0 }

    /// Makes the kernel ask for a node's attributes again, and drop its copy of a directory's listing. Without effect if it has none.
    func expireAttributes(of node: NodeID) {
        _ = unsafe fuse_lowlevel_notify_inval_inode(session, fuse_ino_t(node), 0, 0)
    }

    /// Makes the kernel forget what `name` stands for. Without effect if it doesn't know.
    func expireName(_ name: [UInt8], in parent: NodeID) {
        let text = name.map { CChar(bitPattern: $0) } + [0]
        _ = unsafe fuse_lowlevel_notify_inval_entry(session, fuse_ino_t(parent), text, name.count)
    }

    /// Keeps all later answers from the kernel: its questions stay open for the next daemon.
    func mute() { unsafe imagelet_fuse_mute(device) }

    /// Lets `serve` return.
    func stop() { unsafe imagelet_fuse_stop(device) }
}
