internal import Foundation
internal import Glibc

/// Nobody reads standard output any more.
struct OutputClosed: Error {}

/// Standard output is data, standard error is talk.
enum Output {
    /// Writes data.
    /// - Throws: ``OutputClosed`` if the reader went away, ``CommandError`` if it can't be written, as on a full disk.
    static func write(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            if errno == EPIPE { throw OutputClosed() }
            throw CommandError(.failure, "cannot write to standard output: \(error.localizedDescription)")
        }
    }

    /// Writes a line of talk; that it may go unheard is no error.
    static func talk(_ line: String) { draw(line + "\n") }

    /// Writes talk as it is, control sequences included.
    static func draw(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Whether talk is seen by a person on a terminal that can redraw.
    static var talksToTerminal: Bool { isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb" }

    static var writesToTerminal: Bool { isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb" }

    /// Columns to lay out for: what the shell exports, else the classic width.
    static var columns: Int { environment["COLUMNS"].flatMap(Int.init).map { max($0, 40) } ?? 80 }

    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Makes a closed pipe an error of the write instead of the end of the process.
    static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}
