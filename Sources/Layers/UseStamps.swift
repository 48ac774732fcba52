internal import Synchronization

/// When the parts of a layer were last used, in ticks of the store's clock (`StoreParts.tick`).
///
/// A stamp a MiB of content, so that a read that is answered at once costs a load and at most a store, without a lock and without a
/// search for its segment: 4 bytes a MiB. What was not used since the store began counts as used when the layer was, by its file's time.
final class UseStamps: Sendable {
    private static let regionBits: Int64 = 20
    private static let pageBits = 8

    private final class Page: Sendable {
        let stamps = InlineArray<256, Atomic<UInt32>> { _ in Atomic(0) }
    }

    /// Pages come with their first stamp: how long a layer's content is, its table of contents only claims.
    private final class Shelf: Sendable {
        let pages = InlineArray<256, AtomicLazyReference<Page>> { _ in AtomicLazyReference() }
    }

    private let shelves: [Shelf]
    private let before: UInt32
    /// When any of it was used; 0: not since the store began.
    private let last = Atomic<UInt32>(0)
    private let noted = Atomic<UInt32>(0)

    /// - Parameter before: when the layer was last used before the store began.
    init(contentSize: Int64, before: UInt32 = 0) {
        self.before = before
        let regions = Int(contentSize >> Self.regionBits) + 1
        shelves = (0...regions >> (2 * Self.pageBits)).map { _ in Shelf() }
    }

    /// `range` is used now. It must lie in the layer and not be empty.
    func note(_ range: Range<Int64>, _ tick: UInt32) {
        if last.load(ordering: .relaxed) != tick { last.store(tick, ordering: .relaxed) }
        for region in regions(of: range) {
            let page = page(of: region) ?? newPage(of: region)
            let place = Self.low(region)
            // The cache line is shared by all who read: written once a tick.
            if page.stamps[place].load(ordering: .relaxed) != tick {
                page.stamps[place].store(tick, ordering: .relaxed)
            }
        }
    }

    /// When any of `range`, which is not empty, was last used.
    func latest(of range: Range<Int64>) -> UInt32 {
        let stamp =
            regions(of: range).map { region in
                page(of: region)?.stamps[Self.low(region)].load(ordering: .relaxed) ?? 0
            }.max() ?? 0
        return max(stamp, before)
    }

    /// Whether any of the layer was used since this was asked last.
    func takeNews() -> Bool {
        let now = last.load(ordering: .relaxed)
        return noted.exchange(now, ordering: .relaxed) != now
    }

    private static func low(_ number: Int) -> Int { number & (1 << pageBits - 1) }

    private func page(of region: Int) -> Page? {
        let page = region >> Self.pageBits
        return shelves[page >> Self.pageBits].pages[Self.low(page)].load()
    }

    private func newPage(of region: Int) -> Page {
        let page = region >> Self.pageBits
        return shelves[page >> Self.pageBits].pages[Self.low(page)].storeIfNil(Page())
    }

    private func regions(of range: Range<Int64>) -> ClosedRange<Int> {
        Int(range.lowerBound >> Self.regionBits)...Int((range.upperBound - 1) >> Self.regionBits)
    }
}
