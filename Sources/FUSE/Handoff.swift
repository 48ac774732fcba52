internal import Synchronization

/// A box that carries one noncopyable value into a task, which may take it once.
package final class Handoff<Value: ~Copyable & Sendable>: Sendable {
    private let slot: Mutex<Value?>

    package init(_ value: consuming sending Value) { slot = Mutex(value) }

    /// The value, the first time; nil afterwards.
    package func take() -> sending Value? {
        slot.withLock { slot in slot.take() }
    }
}
