internal import Synchronization

/// A number that only grows: events, bytes. Adding costs one atomic addition.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    package init() {}

    /// - Parameter amount: not negative.
    package func add(_ amount: Int = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

    package var value: Int { count.load(ordering: .relaxed) }
}

/// A number that goes up and down: what waits, what is open.
package final class Gauge: Sendable {
    private let level = Atomic<Int>(0)

    package init() {}

    package func add(_ amount: Int) { level.wrappingAdd(amount, ordering: .relaxed) }

    package func set(_ value: Int) { level.store(value, ordering: .relaxed) }

    package var value: Int { level.load(ordering: .relaxed) }
}
