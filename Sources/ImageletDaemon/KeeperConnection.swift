internal import Linux

/// A daemon's connection to its keeper.
struct KeeperConnection {
    let socket: MessageSocket
    /// What the keeper holds already.
    let held: [String: SharedDescriptor]
    /// nil for a keeper that an earlier daemon started.
    let process: DetachedProcess?

    /// A keeper that is at its end takes a moment; so does one that begins.
    private static let patience = Duration.seconds(10)
    private static let pause = Duration.milliseconds(50)

    /// Connects to the keeper of this root directory, and starts one if there is none.
    static func open(_ paths: Paths) async throws -> KeeperConnection {
        let deadline = ContinuousClock.now + patience
        while true {
            do throws(LinuxError) {
                if let connection = try join(paths) { return connection }
                return try start(paths)
            } catch {
                // The old keeper still has the name but greets nobody any more: its end is near.
                guard error.errno == .addressInUse, .now < deadline else { throw error }
            }
            try await Task.sleep(for: pause)
        }
    }

    /// nil if no keeper is there, or none that stays.
    private static func join(_ paths: Paths) throws(LinuxError) -> KeeperConnection? {
        do throws(LinuxError) {
            let socket = try MessageSocket(connectingTo: paths.keeper, .connection)
            guard let held = try greeting(socket) else { return nil }
            return KeeperConnection(socket: socket, held: held, process: nil)
        } catch let error where [.noEntry, .connectionRefused, .connectionReset].contains(error.errno) {
            return nil
        }
    }

    private static func start(_ paths: Paths) throws(LinuxError) -> KeeperConnection {
        let listener = try UnixListener(paths.keeper, kind: .messages)
        // Connected before it starts: a keeper without daemon and content ends.
        let socket = try MessageSocket(connectingTo: paths.keeper, .connection)
        let process = try DetachedProcess(
            "/proc/self/exe", ["imagelet", "keep", paths.root], descriptor: try listener.duplicate())
        guard let held = try greeting(socket) else { throw LinuxError(.connectionReset, "recvmsg", paths.keeper) }
        return KeeperConnection(socket: socket, held: held, process: process)
    }

    /// nil at the end of the connection.
    private static func greeting(_ socket: MessageSocket) throws(LinuxError) -> [String: SharedDescriptor]? {
        guard try Readiness.wait(readable: [socket.rawValue], timeout: patience)[0].isReadable else {
            throw LinuxError(.tryAgain, "recvmsg", "keeper.sock")
        }
        return KeeperShelf.descriptors(in: try socket.receive())
    }
}
