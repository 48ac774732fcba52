internal import OCI
internal import Synchronization

/// Decoded segments that could not be written because the disk is full, for the readers that wait for them: a few, the oldest go first.
final class HeldSegments: Sendable {
    struct Key: Hashable, Sendable {
        var layer: ObjectIdentifier
        var segment: Int
    }

    private struct State {
        var segments: [Key: [UInt8]] = [:]
        var order: [Key] = []
        var bytes: Int64 = 0
    }

    let limit: Int64
    private let state = Mutex(State())

    init(limit: Int64) { self.limit = limit }

    /// Keeps `content`; older segments go for it. Their layers notice when they look for them.
    func keep(_ content: [UInt8], _ key: Key) {
        state.withLock { state in
            state.bytes -= Int64(state.segments.updateValue(content, forKey: key)?.count ?? 0)
            state.order.removeAll { $0 == key }
            state.order.append(key)
            state.bytes += Int64(content.count)
            // A read may lie across two segments; with fewer it would never be answered.
            while state.bytes > limit, state.order.count > 2 {
                let oldest = state.order.removeFirst()
                state.bytes -= Int64(state.segments.removeValue(forKey: oldest)?.count ?? 0)
            }
        }
    }

    func content(_ key: Key) -> [UInt8]? { state.withLock { $0.segments[key] } }

    /// Drops all of one layer's.
    func drop(layer: ObjectIdentifier) {
        state.withLock { state in
            for key in state.order where key.layer == layer {
                state.bytes -= Int64(state.segments.removeValue(forKey: key)?.count ?? 0)
            }
            state.order.removeAll { $0.layer == layer }
        }
    }
}
