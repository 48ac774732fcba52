internal import OCI

/// Which transfers may run: a pure value, events in, tickets to start out.
///
/// A transfer may start when fewer than `total` transfers of its own or a more urgent priority run, fewer than `perLayer` of its layer
/// among those, and, in the background, fewer than `background` of its kind. So a reader never waits for a fill's slot, and one layer
/// whose source is stuck leaves slots to the others.
struct TransferSchedule: Sendable {
    typealias Ticket = UInt64

    struct Limits: Sendable {
        var total: Int
        var perLayer: Int
        var background: Int
    }

    private struct Entry {
        var layer: Digest
        var priority: TransferPriority
        var isRunning = false
    }

    private let limits: Limits
    private var entries: [Ticket: Entry] = [:]
    private var lastTicket: Ticket = 0

    init(limits: Limits) { self.limits = limits }

    /// Whether a reader's transfer runs or waits to: running background transfers pause meanwhile.
    var hasDemand: Bool { entries.values.contains { $0.priority == .demand } }

    mutating func submit(_ layer: Digest, _ priority: TransferPriority) -> Ticket {
        lastTicket += 1
        entries[lastTicket] = Entry(layer: layer, priority: priority)
        return lastTicket
    }

    /// A ticket that has left is let be: that race is legal.
    mutating func setPriority(_ ticket: Ticket, _ priority: TransferPriority) {
        entries[ticket]?.priority = priority
    }

    func priority(of ticket: Ticket) -> TransferPriority? { entries[ticket]?.priority }

    /// The transfer ended, or is not wanted any more.
    mutating func leave(_ ticket: Ticket) { entries[ticket] = nil }

    func isRunning(_ ticket: Ticket) -> Bool { entries[ticket]?.isRunning ?? false }

    /// The tickets that start now, the most urgent first, then the oldest; they count as running from here on.
    mutating func start() -> [Ticket] {
        let waiting = entries.filter { !$0.value.isRunning }
            .sorted { ($0.value.priority, $0.key) < ($1.value.priority, $1.key) }
        var started: [Ticket] = []
        for (ticket, entry) in waiting where mayStart(entry) {
            entries[ticket]?.isRunning = true
            started.append(ticket)
        }
        return started
    }

    /// Entries by priority and state, every pair of them.
    var counts: [StoreFigures.Transfers: Int] {
        var counts: [StoreFigures.Transfers: Int] = [:]
        for priority in TransferPriority.allCases {
            for state in StoreFigures.Transfers.State.allCases { counts[.init(priority: priority, state: state)] = 0 }
        }
        for entry in entries.values {
            counts[.init(priority: entry.priority, state: entry.isRunning ? .running : .waiting), default: 0] += 1
        }
        return counts
    }

    private func mayStart(_ entry: Entry) -> Bool {
        var total = 0
        var ofLayer = 0
        var background = 0
        for other in entries.values where other.isRunning && other.priority <= entry.priority {
            total += 1
            if other.layer == entry.layer { ofLayer += 1 }
            if other.priority == .background { background += 1 }
        }
        return total < limits.total && ofLayer < limits.perLayer
            && (entry.priority != .background || background < limits.background)
    }
}
