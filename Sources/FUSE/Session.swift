internal import Linux
internal import Synchronization

/// One FUSE mount and the threads that serve it.
///
/// `mount()`, then `run()` until the task is cancelled, `stop()` is called or someone else unmounts it. However it ends, no mount stays
/// behind. The mount is read-only; setuid and device nodes work on it.
package final class Session: Sendable {
    private enum State {
        case idle
        case mounted(Connection, device: String)
        case running(Connection, device: String)
        case ended
    }

    /// The type the mount has in /proc/self/mountinfo.
    package static let mountType = "fuse.imagelet"

    package let path: String
    private let context: Context
    private let state = Mutex(State.idle)
    private let shaken = Mutex<Handshake?>(nil)

    package init(_ fileSystem: any FileSystem, at path: String, options: Options) {
        self.path = path
        context = Context(fileSystem, options)
    }

    /// What kernel and daemon agreed on; nil before `mount`.
    package var handshake: Handshake? { shaken.withLock { $0 } }

    /// Requests the file system dropped without an answer; each is a bug in it.
    package var droppedRequests: Int { context.ledger.dropped }

    /// Mounts at `path`, a directory. A mount that a dead daemon of ours left there is taken off first. Whoever looks into the mount
    /// from now on waits until `run` serves.
    package func mount() throws(FUSEError) {
        precondition(isIdle, "a session is mounted once")
        let target: String
        do {
            target = try Path.resolvingParents(of: path)
            while let left = try Mount.find(at: target), left.type == Self.mountType {
                try Mount.unmount(target, lazily: true)
            }
        } catch {
            throw FUSEError(.mount, "cannot mount at \(path): \(error)")
        }
        var device = ""
        let connection: Connection
        do {
            connection = try Connection(context) { descriptor throws(FUSEError) in
                device = try Self.attach(descriptor, at: target)
            }
            let handshake = try connection.shakeHands()
            shaken.withLock { $0 = handshake }
        } catch {
            if !device.isEmpty { detach(device) }
            throw error
        }
        if let size = context.options.readAheadKiB { Self.setReadAhead(size, of: device) }
        state.withLock { $0 = .mounted(connection, device: device) }
    }

    /// Serves until cancelled or unmounted. `mount` must have been called.
    package func run() async throws {
        guard let (connection, device) = start() else { return }
        let threads = context.options.threads
        let ledger = context.ledger
        let result: Result<Void, FUSEError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let serve: @Sendable () -> Void = {
                    let result = Result { () throws(FUSEError) in try connection.serve(threads: threads) }
                    // Answers that are still to come need libfuse's session.
                    ledger.whenDrained { continuation.resume(returning: result) }
                }
                do {
                    try BlockingThread.start("fuse", serve)
                } catch {
                    continuation.resume(returning: .failure(FUSEError(.session, "cannot serve \(path): \(error)")))
                }
            }
        } onCancel: {
            stop()
        }
        state.withLock { $0 = .ended }
        detach(device)
        try result.get()
    }

    /// Unmounts and lets `run` return. What uses the mount keeps its name for it but gets "not connected" from now on. May be called at
    /// any time and more than once.
    package func stop() {
        let previous = state.withLock { state in
            defer { if case .mounted = state { state = .ended } }
            return state
        }
        switch previous {
        case .idle, .ended: return
        case .mounted(_, let device): detach(device)
        case .running(let connection, let device):
            connection.stop()
            wake(device)
        }
    }
}

extension Session {
    /// Tells the kernel that a directory has changed: its attributes and its listing are asked for again. Not from inside a request.
    /// - Parameter gone: names in it that stand for nothing any more.
    package func expire(_ directory: NodeID, gone: [[UInt8]]) {
        let connection = state.withLock { state -> Connection? in
            switch state {
            case .mounted(let connection, _), .running(let connection, _): connection
            case .idle, .ended: nil
            }
        }
        for name in gone { connection?.expireName(name, in: directory) }
        connection?.expireAttributes(of: directory)
    }

    private var isIdle: Bool {
        state.withLock { state in
            if case .idle = state { true } else { false }
        }
    }

    /// nil if it was stopped before it ran.
    private func start() -> (Connection, device: String)? {
        state.withLock { state in
            guard case .mounted(let connection, let device) = state else { return nil }
            state = .running(connection, device: device)
            return (connection, device)
        }
    }

    /// mount(2) with the descriptor; fusermount isn't needed by root and would add nosuid and nodev.
    private static func attach(_ descriptor: Int32, at target: String) throws(FUSEError) -> String {
        let options =
            "fd=\(descriptor),rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        do {
            try Mount.mount(
                source: "imagelet", target: target, type: mountType, flags: [.readOnly, .noAccessTimes],
                options: options)
        } catch {
            throw FUSEError(.mount, "\(error); mounting needs root (CAP_SYS_ADMIN) and an existing directory")
        }
        let mount = try? Mount.find(at: target)
        return mount?.device ?? ""
    }

    /// Takes our mount off the path if it is still there. Lazily: it may be in use by containers.
    private func detach(_ device: String) {
        // Nothing can be done about a failure here, and the descriptor's end takes the rest of the session down.
        guard let target = try? Path.resolvingParents(of: path), isOurs(target, device) else { return }
        _ = try? Mount.unmount(target, lazily: true)
    }

    private func isOurs(_ target: String, _ device: String) -> Bool {
        let mount = try? Mount.find(at: target)
        return mount?.device == device
    }

    /// libfuse's threads look at their exit flag after a question only; so one is asked. It may wait until the descriptor closes.
    private func wake(_ device: String) {
        guard let target = try? Path.resolvingParents(of: path), isOurs(target, device),
            let root = try? OwnedDescriptor(naming: target)
        else {
            // Unmounted here but alive in another mount namespace: cut the connection.
            let minor = device.split(separator: ":").last ?? ""
            let file = try? File("/sys/fs/fuse/connections/\(minor)/abort", .readWrite)
            _ = try? file?.write([UInt8(ascii: "1")], at: 0)
            return
        }
        let handoff = Handoff(root)
        detach(device)
        _ = try? BlockingThread.start("fuse-wake") {
            if let root = handoff.take() { root.touchFileSystem() }
        }
    }

    /// The kernel's read-ahead of this mount alone. /sys may be read-only or absent: then it stays as it is.
    private static func setReadAhead(_ size: Int, of device: String) {
        let file = try? File("/sys/class/bdi/\(device)/read_ahead_kb", .readWrite)
        _ = try? file?.write(Array("\(size)\n".utf8), at: 0)
    }
}
