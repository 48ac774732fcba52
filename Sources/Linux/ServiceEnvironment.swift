internal import Glibc

/// What a service manager (systemd) tells a service by its environment.
package struct ServiceEnvironment: Sendable, Equatable {
    /// Where `ServiceNotice`s go (sd_notify(3)): a path, or an abstract name behind "@".
    package var notifySocket: String?
    /// How many descriptors the manager's store takes; 0: it has none, or is older than systemd 254 and doesn't tell.
    package var storeCapacity = 0
    /// A `ServiceNotice.alive` must come at least this often (sd_watchdog_enabled(3)).
    package var watchdogInterval: Duration?
    /// Names of the descriptors passed to this process, the first of which is 3 (sd_listen_fds(3)).
    package var descriptorNames: [String] = []

    /// Most descriptors taken over; more than that is no environment of ours.
    private static let mostDescriptors = 1024

    /// - Parameter process: id of this process; words for another one are not meant for it.
    package init(_ variables: [String: String], process: Int32) {
        if let path = variables["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@") { notifySocket = path }
        storeCapacity = max(variables["FDSTORE"].flatMap { Int($0) } ?? 0, 0)
        if let microseconds = variables["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0,
            variables["WATCHDOG_PID"].map({ $0 == String(process) }) ?? true
        {
            watchdogInterval = .microseconds(microseconds)
        }
        guard variables["LISTEN_PID"] == String(process),
            let count = variables["LISTEN_FDS"].flatMap({ Int($0) }), (1...Self.mostDescriptors).contains(count)
        else { return }
        let names = (variables["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        // As sd_listen_fds_with_names: without names all are "unknown".
        descriptorNames =
            names.count == count
            ? names.map(String.init) : [String](repeating: "unknown", count: count)
    }

    /// Takes the passed descriptors over, each with its name; once a process.
    package func takeDescriptors() -> [(name: String, descriptor: SharedDescriptor)] {
        descriptorNames.enumerated().compactMap { position, name in
            let number = Int32(position) + 3
            // Nothing else opens descriptors this early, but a number that stands for nothing must not be closed later.
            guard fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else { return nil }
            return (name, SharedDescriptor(OwnedDescriptor(taking: number)))
        }
    }
}
