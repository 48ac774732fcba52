internal import CLinux
import Foundation
import Glibc
import Synchronization
import TestSupport

/// Threads that read at random places, over and over, and compare with the truth. The page cache is dropped before each read, so
/// that the questions reach the daemon. A thread that waits in the kernel ends when the mount does.
final class SteadyReaders: Sendable {
    private struct State {
        var isEnding = false
        var running = 0
        var reads = 0
        var failures: [String] = []
    }

    private let state = Mutex(State())
    private let step: @Sendable (inout SplitMix) -> String?
    private static let length = 16 << 10

    /// - Parameter check: what a thread does over and over, choosing by the numbers it gets; gives what went wrong, and that ends it all.
    init(threads: Int, seed: UInt64 = 0, check: @escaping @Sendable (inout SplitMix) -> String?) {
        step = check
        state.withLock { $0.running = threads }
        for number in 0..<threads {
            Thread.detachNewThread { [self] in
                work(SplitMix(state: seed &+ UInt64(number)))
                state.withLock { $0.running -= 1 }
            }
        }
    }

    /// Reads at random places of `files`.
    convenience init(_ files: [(path: String, truth: [UInt8])], threads: Int) {
        self.init(threads: threads) { random in
            let (path, truth) = files.randomElement(using: &random) ?? ("", [])
            return Self.check(path, truth, at: Int.random(in: 0..<max(truth.count, 1), using: &random))
        }
    }

    var reads: Int { state.withLock { $0.reads } }

    /// Waits until so many more reads were answered.
    func progress(_ count: Int = 40) async throws {
        let goal = reads + count
        try await wait { $0.reads >= goal || !$0.failures.isEmpty }
    }

    /// Ends the threads.
    /// - Returns: what went wrong.
    func end() async throws -> [String] {
        state.withLock { $0.isEnding = true }
        try await wait { $0.running == 0 }
        return state.withLock { $0.failures }
    }

    struct TookTooLong: Error {}

    private func wait(_ condition: (State) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while !state.withLock({ condition($0) }) {
            guard ContinuousClock.now < end else { throw TookTooLong() }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func work(_ random: SplitMix) {
        var random = random
        while !state.withLock({ $0.isEnding }) {
            let failure = step(&random)
            state.withLock { state in
                state.reads += 1
                guard let failure else { return }
                state.failures.append(failure)
                state.isEnding = true
            }
        }
    }

    private static func check(_ path: String, _ truth: [UInt8], at offset: Int) -> String? {
        let size: Int?
        do {
            size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        } catch {
            return "\(path): stat: \(error)"
        }
        guard size == truth.count else { return "\(path): size \(size ?? -1)" }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "\(path): open: error \(errno)" }
        defer { close(file) }
        posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
        let expected = truth[offset...].prefix(length)
        var bytes = [UInt8](repeating: 0, count: expected.count)
        let count = pread(file, &bytes, bytes.count, off_t(offset))
        guard count == bytes.count else { return "\(path): read at \(offset): \(count), error \(errno)" }
        return bytes == Array(expected) ? nil : "\(path): wrong bytes at \(offset)"
    }
}
