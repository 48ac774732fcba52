internal import LayerFS
internal import Linux
internal import Logging
internal import Synchronization

/// The daemon's descriptors that must outlive it, as a copy each: in systemd's descriptor store, or with our keeper.
///
/// Without either the daemon works as well, but its mount ends with it.
final class KeptDescriptors: Sendable {
    /// Under what a descriptor is kept.
    enum Name: String, CaseIterable {
        /// The connection of the layer file system.
        case fuse
        /// A memory file: what was agreed on it.
        case fuseRecord = "fuse-init"
        /// Sockets we made and listen at. Those of a socket unit are systemd's to keep, and have other names.
        case cri = "kept-cri"
        case admin = "kept-admin"
        case snapshots = "kept-snapshots"

        /// Whether it stands for something that can die without us.
        var isMortal: Bool { self == .fuse }

        /// What a socket unit calls its descriptor (FileDescriptorName=).
        var activation: String? {
            switch self {
            case .cri: "cri"
            case .admin: "admin"
            case .snapshots: "snapshots"
            case .fuse, .fuseRecord: nil
            }
        }
    }

    private enum Place {
        case nowhere
        case systemd(MessageSocket)
        case keeper(KeeperConnection)

        var socket: MessageSocket? {
            switch self {
            case .nowhere: nil
            case .systemd(let socket): socket
            case .keeper(let connection): connection.socket
            }
        }
    }

    private struct State {
        var place: Place
        /// Came from the last daemon, or by socket activation, and not asked for yet.
        var found: [String: SharedDescriptor]
        /// For the next keeper, if this one dies.
        var kept: [Name: SharedDescriptor] = [:]
        /// Names in the file system that go with our sockets.
        var ownPaths: [String] = []
        var parting: Parting?
        var isEnding = false
    }

    private let paths: Paths
    let logger: Logger
    private let state: Mutex<State>

    private init(_ place: Place, _ found: [String: SharedDescriptor], _ paths: Paths, _ logger: Logger) {
        self.paths = paths
        self.logger = logger
        state = Mutex(State(place: place, found: found))
    }

    /// Takes over what is kept: systemd's store if there is one, else the keeper's, which is started if need be.
    static func open(_ paths: Paths, _ service: ServiceEnvironment, logger: Logger) async -> KeptDescriptors {
        var found = Dictionary(service.takeDescriptors().map { ($0.name, $0.descriptor) }) { $1 }
        do {
            if service.storeCapacity > 0, let path = service.notifySocket {
                let socket = try MessageSocket(connectingTo: path, .datagrams)
                return KeptDescriptors(.systemd(socket), found, paths, logger)
            }
            let connection = try await KeeperConnection.open(paths)
            // A socket that systemd passes is the one that others talk to.
            found.merge(connection.held) { passed, _ in passed }
            return KeptDescriptors(.keeper(connection), found, paths, logger)
        } catch {
            logger.warning(
                "no keeper: running containers will not survive a restart of imagelet", metadata: ["error": "\(error)"])
            return KeptDescriptors(.nowhere, found, paths, logger)
        }
    }

    /// What the last daemon kept under this name. It stays kept.
    func found(_ name: Name) -> SharedDescriptor? {
        state.withLock { state in
            guard let descriptor = state.found.removeValue(forKey: name.rawValue) else { return nil }
            state.kept[name] = descriptor
            return descriptor
        }
    }

    /// What a socket unit passed.
    func activated(_ name: Name) -> SharedDescriptor? {
        name.activation.flatMap { activation in state.withLock { $0.found.removeValue(forKey: activation) } }
    }

    /// Notes that the socket at `path` is ours.
    func own(_ path: String) { state.withLock { $0.ownPaths.append(path) } }

    /// What becomes of the mount: decided the first time.
    func parting(_ decide: (Bool) -> Parting) -> Parting {
        state.withLock { state in
            let parting = state.parting ?? decide(state.place.socket != nil)
            state.parting = parting
            return parting
        }
    }

    /// Removes the names of our sockets, unless they are left to the next daemon.
    func removeNames() throws {
        let paths = state.withLock { $0.parting == .leave ? [] : $0.ownPaths }
        for path in paths { try Path.remove(path) }
    }

    /// Keeps a copy, in place of what was kept under this name.
    func keep(_ name: Name, _ descriptor: SharedDescriptor) {
        forget(name)
        let socket = state.withLock { state in
            state.kept[name] = descriptor
            return state.place.socket
        }
        send(.store(name.rawValue, whileAlive: name.isMortal), [descriptor], to: socket)
    }

    /// Lets the copy go.
    func forget(_ name: Name) {
        let socket = state.withLock { state in
            let wasKept = state.kept.removeValue(forKey: name) != nil
            let wasFound = state.found.removeValue(forKey: name.rawValue) != nil
            return wasKept || wasFound ? state.place.socket : nil
        }
        send(.remove(name.rawValue), [], to: socket)
    }

    /// Lets go of what nobody asked for: another version's, or somebody's mistake.
    func forgetRest() {
        let (names, socket) = state.withLock { state in
            defer { state.found = [:] }
            return (state.found.keys.sorted(), state.place.socket)
        }
        for name in names { send(.remove(name), [], to: socket) }
    }

    private func send(_ notice: ServiceNotice, _ descriptors: [SharedDescriptor], to socket: MessageSocket?) {
        guard let socket else { return }
        do {
            try socket.send(MessageSocket.Message(notice.bytes, descriptors))
        } catch {
            // A keeper that is gone is noticed and replaced in `run`.
            logger.debug("keeper not reached", metadata: ["error": "\(error)"])
        }
    }

    /// Replaces a keeper that dies; until cancelled.
    func run() async {
        await withTaskCancellationHandler {
            while case .keeper(let connection) = state.withLock({ $0.isEnding ? .nowhere : $0.place }) {
                await Self.waitForEnd(of: connection.socket)
                connection.process?.reap()
                guard !state.withLock({ $0.isEnding }) else { return }
                logger.warning("the keeper is gone; starting another")
                await replace()
            }
            await waitForCancellation()
        } onCancel: {
            let place = state.withLock { state in
                state.isEnding = true
                return state.place
            }
            if case .keeper(let connection) = place { connection.socket.stopReceiving() }
        }
    }

    private func replace() async {
        do {
            let connection = try await KeeperConnection.open(paths)
            let kept = state.withLock { state in
                state.place = .keeper(connection)
                if state.isEnding { connection.socket.stopReceiving() }
                return state.kept
            }
            for (name, descriptor) in kept { keep(name, descriptor) }
        } catch {
            state.withLock { $0.place = .nowhere }
            logger.error(
                "no keeper: running containers will not survive a restart of imagelet", metadata: ["error": "\(error)"])
        }
    }

    private static func waitForEnd(of socket: MessageSocket) async {
        _ = try? await BlockingThread.run("keeper") {
            // It says nothing after its greeting.
            while try !socket.receive().bytes.isEmpty {}
        }
    }
}
