/// Who may be on the wire: so many at a time for each origin, the others in the order they came. A plain value.
///
/// curl could queue as well, but counts the time in its queue towards the connect timeout.
struct HostQueues<Item: AnyObject> {
    private struct Lane {
        var running = 0
        var waiting: [Item] = []
        var isIdle: Bool { running == 0 && waiting.isEmpty }

        mutating func admit(_ item: Item, _ limit: Int) -> Bool {
            guard running < limit else {
                waiting.append(item)
                return false
            }
            running += 1
            return true
        }

        /// The place of the item that ended goes to the first that waits.
        mutating func release() -> Item? {
            guard waiting.isEmpty else { return waiting.removeFirst() }
            running -= 1
            return nil
        }
    }

    private let limit: Int
    private var lanes: [HTTPURL.Origin: Lane] = [:]

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// True if `item` may start now; else it waits.
    mutating func admit(_ item: Item, to origin: HTTPURL.Origin) -> Bool {
        lanes[origin, default: Lane()].admit(item, limit)
    }

    /// A started item has ended: the one that starts in its place, if any waits.
    mutating func release(_ origin: HTTPURL.Origin) -> Item? {
        guard var lane = lanes[origin] else { return nil }
        let next = lane.release()
        lanes[origin] = lane.isIdle ? nil : lane
        return next
    }

    /// Takes an item out of the queue; false if it does not wait here.
    mutating func withdraw(_ item: Item, from origin: HTTPURL.Origin) -> Bool {
        guard let index = lanes[origin]?.waiting.firstIndex(where: { $0 === item }) else { return false }
        lanes[origin]?.waiting.remove(at: index)
        return true
    }

    /// Empties the queues.
    mutating func removeAllWaiting() -> [Item] {
        defer { lanes = [:] }
        return lanes.values.flatMap(\.waiting)
    }
}
