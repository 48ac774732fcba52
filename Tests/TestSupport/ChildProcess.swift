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

    /// The shell that watches over the program.
    private let program: Spawn
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
        let (theirs, ours) = try makeSocketPair()
        defer { Glibc.close(theirs) }
        let log = open(logPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard log >= 0 else {
            Glibc.close(ours)
            throw Failed(description: "cannot write \(logPath)")
        }
        defer { Glibc.close(log) }
        do {
            program = try Spawn(
                ["/bin/sh", "-c", script, "sh", directory ?? "", cleaning] + arguments, input: theirs, output: log,
                errors: log, passing: descriptors)
        } catch {
            Glibc.close(ours)
            throw error
        }
        state = Mutex(State(lifeline: ours))
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
            program.wait()
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
        let output = try Tool.run(arguments, in: directory ?? FileManager.default.currentDirectoryPath)
        let text = String(decoding: output.output, as: UTF8.self) + output.errors
        guard output.status == 0 else {
            throw Failed(description: "\(arguments.joined(separator: " ")): exit \(output.status)\n\(text)")
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
