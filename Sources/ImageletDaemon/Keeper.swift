internal import Linux

/// The process that holds the daemon's descriptors while there is no daemon; where systemd has no store for them.
///
/// It may not crash, so it does nothing else. It ends when no daemon is connected and what it keeps has died (the mount was taken
/// off), or its own name has gone (the root directory was removed): then it takes the mount off that nobody can serve any more.
package struct Keeper {
    private let paths: Paths
    private let listener: SharedDescriptor
    private var shelf = KeeperShelf()
    private var daemons: [MessageSocket] = []

    /// How often an unattended keeper looks whether its name is still there.
    private static let patience = Duration.seconds(10)
    /// One at a time, but the last may not be gone when the next comes.
    private static let mostDaemons = 8

    /// - Parameters:
    ///   - root: the daemon's root directory.
    ///   - descriptor: the socket that listens at `keeper.sock` in it, inherited.
    package init(root: String, listener descriptor: Int32) {
        paths = Paths(root: root)
        listener = SharedDescriptor(OwnedDescriptor(taking: descriptor))
    }

    /// Keeps until there is nothing to keep. What fails meanwhile (no memory, no descriptors left) is tried again.
    package mutating func run() {
        // It was started as /proc/self/exe, and would be called "exe".
        BlockingThread.nameCurrent("imagelet-keep")
        ProgramPages.release()
        repeat {
            let mortals = shelf.mortals
            let states = try? Readiness.wait(
                readable: [listener.rawValue] + daemons.map(\.rawValue), watched: mortals.map(\.descriptor.rawValue),
                timeout: daemons.isEmpty ? Self.patience : nil)
            guard let states else { continue }
            let (connected, rest) = (states.dropFirst().prefix(daemons.count), states.dropFirst(1 + daemons.count))
            // What died first: a name may get another descriptor by a message that waits.
            for (mortal, state) in zip(mortals, rest) where state.isDead { shelf.drop(mortal.name) }
            let ready = zip(daemons, connected).filter { $1.isReadable || $1.isDead }.map(\.0)
            for daemon in ready where !hear(daemon) { daemons.removeAll { $0 === daemon } }
            if states[0].isReadable { welcome() }
        } while !isDone
    }

    /// Does all that a daemon has asked so far: the next one must not be greeted before the last one's words are heard.
    /// - Returns: false at the end of the connection.
    private mutating func hear(_ daemon: MessageSocket) -> Bool {
        do {
            while try Readiness.wait(readable: [daemon.rawValue], timeout: .zero)[0].isReadable {
                do throws(LinuxError) {
                    let message = try daemon.receive()
                    guard !message.bytes.isEmpty else { return false }
                    shelf.take(message)
                } catch let error where error.errno == .messageTooLong {
                    // Lost, and nothing stayed open.
                }
            }
            return true
        } catch {
            return false
        }
    }

    private mutating func welcome() {
        guard let daemon = try? MessageSocket(acceptedFrom: listener) else {
            // Without a descriptor for it, it waits on and keeps `listener` readable: no reason to spin.
            _ = try? Readiness.wait(readable: [], timeout: .milliseconds(100))
            return
        }
        // The socket is 0600 in a directory that is 0700; the user id is for the day when somebody has changed that. Whoever is gone
        // already needs nothing.
        guard daemons.count < Self.mostDaemons, (try? daemon.peerUser()) == UserID.effective,
            (try? daemon.send(shelf.contents)) != nil
        else { return }
        daemons.append(daemon)
    }

    private var isDone: Bool {
        guard daemons.isEmpty else { return false }
        guard shelf.isWorthKeeping else { return true }
        // "Could not tell" is no reason to let go.
        guard (try? Path.exists(paths.keeper)) == false else { return false }
        _ = try? Mount.unmount(paths.store, lazily: true)
        return true
    }
}
