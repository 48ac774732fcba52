internal import Synchronization

/// A value behind a lock, to be shared by tasks that take turns.
final class Guarded<Value: ~Copyable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: consuming sending Value) { self.value = Mutex(value) }

    func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try value.withLock(body)
    }
}

extension Guarded<Int64> {
    /// Moves a position in a blob on.
    /// - Returns: what lies between.
    func advanced(by count: Int) -> Range<Int64> {
        withLock { position in
            defer { position += Int64(count) }
            return position..<position + Int64(count)
        }
    }
}
