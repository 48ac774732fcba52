import OCI
import Synchronization

/// A blob in memory that can be slow, wrong, cut or refusing, and notes what was asked of it.
final class ScriptedSource: BlobSource {
    enum Fault: Sendable {
        /// Fails before the first byte.
        case fails(BlobError.Code)
        /// Gives so many bytes, then fails.
        case cut(after: Int)
        /// Says it is done after so many bytes.
        case short(Int)
        /// Flips a bit of every byte.
        case wrong
        /// Gives one chunk, then nothing until cancelled.
        case stalls
        /// Gives a byte now and then.
        case trickles
        /// Gives nothing until the source's gate opens.
        case waits
    }

    struct Read: Sendable {
        var range: Range<Int64>
        var wasCancelled = false
        var hasEnded = false
        var delivered = 0
    }

    private struct State {
        var reads: [Read] = []
        var isOpen = false
        var wrong: [Range<Int64>] = []
    }

    let blob: [UInt8]
    private let chunk: Int
    private let fault: @Sendable (Int, Range<Int64>) -> Fault?
    private let state = Mutex(State())

    /// - Parameter fault: for the nth read (from 0) of a range.
    init(
        _ blob: [UInt8], chunk: Int = 10_000,
        _ fault: @escaping @Sendable (Int, Range<Int64>) -> Fault? = { _, _ in nil }
    ) {
        self.blob = blob
        self.chunk = chunk
        self.fault = fault
    }

    var size: Int64 { Int64(blob.count) }
    var reads: [Read] { state.withLock(\.reads) }
    var ranges: [Range<Int64>] { reads.map(\.range) }
    /// What was found wrong, in order.
    var wrong: [Range<Int64>] { state.withLock(\.wrong) }
    var active: Int { reads.count { !$0.hasEnded } }

    func openGate() { state.withLock { $0.isOpen = true } }

    func foundWrong(_ range: Range<Int64>) { state.withLock { $0.wrong.append(range) } }

    func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
        let number = state.withLock { state in
            state.reads.append(Read(range: range))
            return state.reads.count - 1
        }
        defer { state.withLock { $0.reads[number].hasEnded = true } }
        do {
            try await deliver(range, number, consume)
        } catch let error as CancellationError {
            state.withLock { $0.reads[number].wasCancelled = true }
            throw error
        }
    }

    private func deliver(_ range: Range<Int64>, _ number: Int, _ consume: ([UInt8]) async throws -> Void) async throws {
        let fault = fault(number, range)
        if case .fails(let code) = fault { throw BlobError(code, "scripted: \(code)") }
        if case .waits = fault {
            while !state.withLock(\.isOpen) { try await Task.sleep(for: .milliseconds(1)) }
        }
        var offset = Int(range.lowerBound)
        while offset < Int(range.upperBound) {
            try Task.checkCancellation()
            var bytes = Array(blob[offset..<min(offset + chunk, Int(range.upperBound))])
            let done = offset - Int(range.lowerBound)
            switch fault {
            case .cut(let limit) where done + bytes.count >= limit:
                try await consume(Array(bytes.prefix(max(0, limit - done))))
                throw BlobError(.unavailable, "scripted: cut after \(limit)")
            case .short(let limit) where done + bytes.count >= limit:
                return try await consume(Array(bytes.prefix(max(0, limit - done))))
            case .trickles:
                bytes = [bytes[0]]
                try await Task.sleep(for: .milliseconds(10))
            case .wrong: for index in bytes.indices { bytes[index] ^= 1 }
            default: break
            }
            try await consume(bytes)
            state.withLock { $0.reads[number].delivered += bytes.count }
            offset += bytes.count
            if case .stalls = fault { while true { try await Task.sleep(for: .seconds(3600)) } }
        }
    }
}
