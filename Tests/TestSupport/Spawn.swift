package import Glibc

/// A program that was started, until it is waited for.
///
/// Foundation's `Process` hands descriptors of other threads' making on to its children: a daemon born at the wrong moment then
/// holds somebody's pipe open for ever, and whoever waits for its end waits for ever.
package struct Spawn: Sendable {
    package let identifier: pid_t

    /// Starts `arguments[0]`, looked up in PATH, with no descriptors but these and no signal blocked.
    /// - Parameters:
    ///   - environment: nil for that of this process.
    ///   - passing: descriptors that the program gets as 3, 4, …
    package init(
        _ arguments: [String], in directory: String? = nil, environment: [String: String]? = nil, input: Int32,
        output: Int32, errors: Int32, passing others: [Int32] = []
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // High numbers first: a target must not be the source of another.
        let sources = ([input, output, errors] + others).map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
        defer { sources.forEach { close($0) } }
        for (target, source) in sources.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        _ = addCloseFrom(&actions, Int32(sources.count))
        if let directory { _ = addDirectory(&actions, directory) }
        // Dispatch's threads have all signals blocked, which a child would inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let variables = environment?.map { "\($0)=\($1)" }
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var settings: [UnsafeMutablePointer<CChar>?] = (variables ?? []).map { strdup($0) } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var identifier: pid_t = 0
        let result =
            variables == nil
            ? posix_spawnp(&identifier, arguments[0], &actions, &attributes, &words, environ)
            : posix_spawnp(&identifier, arguments[0], &actions, &attributes, &words, &settings)
        guard result == 0 else {
            throw Tool.Failure(description: "cannot start \(arguments[0]): \(String(cString: strerror(result)))")
        }
        self.identifier = identifier
    }

    /// Waits for the end; gives the exit status, or 128 and the signal's number. Once only.
    @discardableResult
    package func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}

// GNU extensions that Swift's Glibc module does not show.
private typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>
private let addCloseFrom = unsafeBitCast(
    dlsym(nil, "posix_spawn_file_actions_addclosefrom_np"), to: (@convention(c) (Actions, Int32) -> Int32).self)
private let addDirectory = unsafeBitCast(
    dlsym(nil, "posix_spawn_file_actions_addchdir_np"),
    to: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self)

/// Two ends of a stream, born close-on-exec.
package func makeSocketPair() throws -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Tool.Failure(description: "no socket pair") }
    return (ends[0], ends[1])
}
