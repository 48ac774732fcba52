internal import CLinux
import Foundation
import Glibc
import Synchronization
import TestSupport

/// What GNU tar unpacks from a layer.
struct LayerTruth: Sendable {
    let directory: String
    /// All that is in it, relative, parents first.
    let paths: [String]

    init(_ layer: TestImage.Layer, in directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let command = "tar -C \(directory) --xattrs --xattrs-include=* --numeric-owner --same-owner -p -xf -"
        try Tool.check(command.components(separatedBy: " "), input: layer.tar)
        self.directory = directory
        paths = try TreeSnapshot(of: directory).entries.keys.filter { $0 != "." }.sorted()
    }
}

/// Reads a served tree as programs do and compares everything with the truth.
struct TreeReader: Sendable {
    let truth: LayerTruth
    /// Where the layer's entries are served.
    let root: String
    /// Gets the time of every call.
    let stalls: LongestStall

    enum Trouble: Error { case wrong(String) }

    /// Reads all of it.
    func readAll() throws {
        for path in truth.paths { try read(path) }
    }

    /// One path of it, a part of its content if it is a file.
    func readSome(_ random: inout SplitMix) throws {
        guard let path = truth.paths.randomElement(using: &random) else { return }
        try read(path, at: Double.random(in: 0..<1, using: &random))
    }

    /// - Parameter place: where to read some bytes, as a part of the file's size; nil: read them all.
    private func read(_ path: String, at place: Double? = nil) throws {
        let expected = try Facts("\(truth.directory)/\(path)")
        let found = try stalls.time("lstat \(root)/\(path)") { try Facts("\(root)/\(path)") }
        guard found == expected else { throw Trouble.wrong("\(root)/\(path): is \(found), expected \(expected)") }
        switch expected.type {
        case S_IFDIR: try compare(path, "names") { try FileManager.default.contentsOfDirectory(atPath: $0).sorted() }
        case S_IFLNK: try compare(path, "target") { try FileManager.default.destinationOfSymbolicLink(atPath: $0) }
        case S_IFREG:
            let size = Int(expected.size)
            let start = place.map { Int($0 * Double(size)) } ?? 0
            try readContent(path, start..<(place == nil ? size : min(size, start + Self.piece)))
        default: break
        }
    }

    private func compare<T: Equatable>(_ path: String, _ what: String, _ ask: (String) throws -> T) throws {
        let found = try stalls.time("\(what) of \(root)/\(path)") { try ask("\(root)/\(path)") }
        let expected = try ask("\(truth.directory)/\(path)")
        guard found == expected else {
            throw Trouble.wrong("\(root)/\(path): \(what) \(found), expected \(expected)")
        }
    }

    private static let piece = 64 << 10

    private func readContent(_ path: String, _ range: Range<Int>) throws {
        let (served, unpacked) = ("\(root)/\(path)", "\(truth.directory)/\(path)")
        let file = open(served, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Trouble.wrong("\(served): open: error \(errno)") }
        defer { close(file) }
        let original = open(unpacked, O_RDONLY | O_CLOEXEC)
        guard original >= 0 else { throw Trouble.wrong("\(unpacked): open: error \(errno)") }
        defer { close(original) }
        // So that the question reaches the daemon.
        posix_fadvise(file, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
        var found = [UInt8](repeating: 0, count: Self.piece)
        var expected = found
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = min(Self.piece, range.upperBound - position)
            let count = stalls.time("read \(served) at \(position)") { pread(file, &found, wanted, off_t(position)) }
            let failure = errno
            // What was read before a page that was refused would be a short read, in the middle of the file.
            guard count == wanted, pread(original, &expected, wanted, off_t(position)) == wanted else {
                throw Trouble.wrong("\(served): read at \(position): \(count) of \(wanted), error \(failure)")
            }
            guard memcmp(found, expected, wanted) == 0 else {
                throw Trouble.wrong("\(served): wrong bytes at \(position)")
            }
            position += wanted
        }
    }

    /// What lstat says, as far as two file systems should agree.
    private struct Facts: Equatable {
        var type: mode_t
        var mode: mode_t
        var owner: [UInt32]
        /// 0 for directories.
        var size: off_t
        var modified: [Int]
        var links: UInt64

        init(_ path: String) throws {
            var status = stat()
            guard lstat(path, &status) == 0 else { throw Trouble.wrong("\(path): lstat: error \(errno)") }
            type = status.st_mode & S_IFMT
            mode = status.st_mode
            owner = [status.st_uid, status.st_gid]
            size = type == S_IFDIR ? 0 : status.st_size
            modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
            links = type == S_IFDIR ? 0 : UInt64(status.st_nlink)
        }
    }
}

/// Remembers the call that took longest.
final class LongestStall: Sendable, CustomStringConvertible {
    private let longest = Mutex<(time: Duration, call: String)>((.zero, "nothing"))

    func time<R>(_ call: @autoclosure () -> String, _ body: () throws -> R) rethrows -> R {
        let start = ContinuousClock.now
        defer {
            let time = ContinuousClock.now - start
            if time > longest.withLock({ $0.time }) {
                let call = call()
                longest.withLock { if time > $0.time { $0 = (time, call) } }
            }
        }
        return try body()
    }

    var description: String { longest.withLock { "\($0.time) for \($0.call)" } }
}
