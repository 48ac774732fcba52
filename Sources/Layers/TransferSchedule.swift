internal import OCI

/// Which transfers may run: a pure value, events in, tickets to start out.
///
/// A transfer may start when fewer than `total` transfers of its own or a more urgent priority run, fewer than `perLayer` of its layer
/// among those, and, in the background, fewer than `background` of its kind. So a reader never waits for a fill's slot. A transfer in which
/// nothing moves counts for its layer only: a source that is stuck takes no slot from others, however many layers it has.
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
        /// Goes up whenever something moves in it.
        var moves: UInt64 = 0
        var isStuck = false
    }

    var limits: Limits
    private var entries: [Ticket: Entry] = [:]
    private var lastTicket: Ticket = 0

    init(limits: Limits) { self.limits = limits }

    /// Whether a reader's transfer runs or waits to: running background transfers pause meanwhile. Not for a layer that is stuck, which
    /// would have nothing of it.
    var hasDemand: Bool {
        guard entries.values.contains(where: { $0.priority == .demand && !$0.isStuck }) else { return false }
        let stuck = Set(entries.values.lazy.filter(\.isStuck).map(\.layer))
        return entries.values.contains { $0.priority == .demand && !stuck.contains($0.layer) }
    }

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

    /// Something moved in a transfer.
    mutating func noteMove(_ ticket: Ticket) {
        entries[ticket]?.moves += 1
        entries[ticket]?.isStuck = false
    }

    func moves(of ticket: Ticket) -> UInt64? { entries[ticket]?.moves }

    /// Nothing has moved in a transfer for too long.
    mutating func noteStuck(_ ticket: Ticket) { entries[ticket]?.isStuck = true }

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
            if other.layer == entry.layer { ofLayer += 1 }
            if other.isStuck { continue }
            total += 1
            if other.priority == .background { background += 1 }
        }
        return total < limits.total && ofLayer < limits.perLayer
            && (entry.priority != .background || background < limits.background)
    }
}

extension TransferSchedule.Limits {
    init(_ options: LayerStoreOptions) {
        self.init(
            total: options.maxTransfers, perLayer: options.maxTransfersPerLayer, background: options.maxFillTransfers)
    }
}
