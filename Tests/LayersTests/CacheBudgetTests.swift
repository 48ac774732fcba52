import Layers
import Testing

@Suite struct CacheBudgetTests {
    private func figures(
        _ cache: Int64, _ available: Int64 = 1 << 40, of total: Int64 = 1 << 40
    ) -> CacheBudget.Figures {
        CacheBudget.Figures(cacheBytes: cache, availableBytes: available, totalBytes: total)
    }

    @Test func withoutBoundsAllIsWell() {
        #expect(CacheBudget().verdict(figures(1 << 50)) == CacheBudget.Verdict())
    }

    /// 1000 bytes: fills end at 900, cold segments go from above 1000 down to 950.
    @Test(
        arguments: [
            (0, 0, true), (899, 0, true), (900, 0, false), (1000, 0, false), (1001, 51, false), (3000, 2050, false),
        ]
            as [(Int64, Int64, Bool)])
    func theBoundHasThreeMarks(_ cache: Int64, _ excess: Int64, _ allowsFill: Bool) {
        let verdict = CacheBudget(maxBytes: 1000).verdict(figures(cache))
        #expect(verdict.excess == excess)
        #expect(verdict.allowsFill == allowsFill)
        #expect(verdict.shortages.isEmpty == (excess == 0))
        // What is left after an eviction opens no fill's gate.
        #expect(excess == 0 || !CacheBudget(maxBytes: 1000).verdict(figures(cache - excess)).allowsFill)
    }

    @Test(
        arguments: [
            (2000, 0, true), (1500, 0, true), (1499, 0, false), (1000, 0, false), (999, 251, false), (0, 500, false),
        ]
            as [(Int64, Int64, Bool)])
    func theVolumeKeepsSomeFree(_ available: Int64, _ excess: Int64, _ allowsFill: Bool) {
        // At most what the cache has can go.
        let verdict = CacheBudget(minFreeBytes: 1000).verdict(figures(500, available))
        #expect(verdict.excess == excess)
        #expect(verdict.allowsFill == allowsFill)
    }

    @Test func fillsEndWhereTheKubeletEvicts() {
        let budget = CacheBudget(reserve: .percent(15))
        #expect(budget.verdict(figures(10, 151, of: 1000)).allowsFill)
        let below = budget.verdict(figures(10, 150, of: 1000))
        #expect(!below.allowsFill && below.excess == 0)
        #expect(below.shortages.first?.contains("cache.evictionThreshold") == true)
        #expect(CacheBudget(reserve: .bytes(200)).verdict(figures(10, 201)).allowsFill)
    }

    @Test func aFullVolumeFillsNothing() {
        #expect(!CacheBudget().verdict(figures(0, 0)).allowsFill)
    }

    @Test func sharesOfTheLargestVolumeAreRight() {
        #expect(VolumeShare.percent(100).bytes(of: .max) <= .max)
        #expect(VolumeShare.percent(15).bytes(of: 1000) == 150)
        #expect(VolumeShare.bytes(7).bytes(of: 0) == 7)
    }
}
