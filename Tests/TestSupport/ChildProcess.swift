import Foundation
import Glibc
import Synchronization

/// A program of the system's, started by a test; dies with the test process, however that ends.
package final class ChildProcess: Sendable {
    package struct Failed: Error, CustomStringConvertible {
        package var description: String
    }

    private struct State {
        var isRunning = true
        var lifeline: Int32
    }

    /// Of the shell that watches over the program.
    private let identifier: pid_t
    /// Standard output and error of the program.
    package let logPath: String
    private let state: Mutex<State>

    /// Starts `arguments[0]`, looked up in PATH, writing to a new file at `logPath`.
    /// - Parameters:
    ///   - removing: a directory that goes with the program, even if the test process is killed.
    ///   - cleaning: a shell script that runs after the program's end, with that directory as `$1` and before it goes.
    ///   - passing: descriptors the program gets as 3, 4, …
    package init(
        _ arguments: [String], logPath: String, removing directory: String? = nil, cleaning: String = "",
        passing descriptors: [Int32] = []
    ) throws {
        self.logPath = logPath
        // The shell ends the program when its standard input ends: when we close our end, or are gone.
        let script = """
            files=$1; cleaning=$2; shift 2
            trap : HUP INT TERM
            "$@" </dev/null & child=$!
            read line; kill -9 $child; wait $child
            [ -z "$cleaning" ] || sh -c "$cleaning" sh "$files"
            [ -z "$files" ] || rm -rf --one-file-system "$files"
            """
        var ends: [Int32] = [0, 0]
        // A socket can be born close-on-exec, so that no other child holds the lifeline; a pipe needs a second call.
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Failed(description: "no socket pair") }
        defer { Glibc.close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // High numbers first: a target must not be the source of another.
        let sources = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
        defer { sources.forEach { Glibc.close($0) } }
        for (position, source) in sources.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(position) + 3)
        }
        // Dispatch's threads have all signals blocked, which a child would inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = ["/bin/sh", "-c", script, "sh", directory ?? "", cleaning] + arguments
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        var identifier: pid_t = 0
        let result = posix_spawn(&identifier, "/bin/sh", &actions, &attributes, &pointers, environ)
        guard result == 0 else {
            Glibc.close(ends[1])
            throw Failed(description: "cannot start \(arguments[0]): error \(result)")
        }
        self.identifier = identifier
        state = Mutex(State(lifeline: ends[1]))
    }

    deinit { stop() }

    /// What the program has written so far.
    package var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// Ends the program and waits for its end.
    package func stop() {
        state.withLock {
            guard $0.isRunning else { return }
            $0.isRunning = false
            Glibc.close($0.lifeline)
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        }
    }

    /// Waits until the log holds a match of `pattern` and returns its last capture.
    package func waitForLog(_ pattern: String, for limit: Duration = .seconds(60)) async throws -> String {
        let expression = try Regex(pattern, as: (Substring, Substring).self)
        let end = ContinuousClock.now + limit
        while true {
            let isLast = ContinuousClock.now >= end
            let log = log
            if let match = log.firstMatch(of: expression) { return String(match.output.1) }
            if isLast { throw Failed(description: "no \(pattern) in the log:\n\(log)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Runs a program to its end and returns its standard output and error.
    @discardableResult
    package static func run(_ arguments: [String], in directory: String? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: output, as: UTF8.self)
        guard process.terminationStatus == 0 else {
            throw Failed(description: "\(arguments.joined(separator: " ")): exit \(process.terminationStatus)\n\(text)")
        }
        return text
    }
}

/// Makes a directory of its own for `body` and removes it with all in it.
package func withTemporaryDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    let path = makeTemporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// A new empty directory, for whoever removes it himself.
package func makeTemporaryDirectory() -> String {
    let path = NSTemporaryDirectory() + "imagelet-test-" + UUID().uuidString
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        fatalError("cannot make \(path): \(error)")
    }
    return path
}
