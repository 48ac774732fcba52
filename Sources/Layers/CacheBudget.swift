/// How large the cache may be, and what follows from how large it is: a pure value, figures in, verdict out.
///
/// Three marks, so that nothing fights: beyond the bound cold segments go until 5 % of it are free; background fills end 10 % below it,
/// so that a fill never brings again what was just given up. Towards the volume's end in the same way: `minFreeBytes`, a quarter, a half
/// more.
package struct CacheBudget: Sendable, Equatable {
    /// What is measured.
    package struct Figures: Sendable, Equatable {
        /// Bytes that layers take on the disk.
        package var cacheBytes: Int64
        /// Free on the volume, and its size.
        package var availableBytes: Int64
        package var totalBytes: Int64

        package init(cacheBytes: Int64, availableBytes: Int64, totalBytes: Int64) {
            self.cacheBytes = cacheBytes
            self.availableBytes = availableBytes
            self.totalBytes = totalBytes
        }
    }

    /// What is to be done.
    package struct Verdict: Sendable, Equatable {
        /// Bytes to be given up now; 0: none.
        package var excess: Int64 = 0
        /// Whether background fills may go on.
        package var allowsFill = true
        /// What is short, a clause each, with the key of the configuration that says so; empty if all is well.
        package var shortages: [String] = []

        package init() {}
    }

    /// Most bytes of the cache; nil: no bound.
    package var maxBytes: Int64?
    /// Bytes that are to stay free on the volume.
    package var minFreeBytes: Int64
    /// Below this share of the volume the kubelet evicts: neither fills nor whole layers take it.
    package var reserve: VolumeShare

    package init(maxBytes: Int64? = nil, minFreeBytes: Int64 = 0, reserve: VolumeShare = .bytes(0)) {
        self.maxBytes = maxBytes
        self.minFreeBytes = minFreeBytes
        self.reserve = reserve
    }

    package func verdict(_ figures: Figures) -> Verdict {
        var verdict = Verdict()
        if let maxBytes {
            if figures.cacheBytes > maxBytes {
                verdict.excess = figures.cacheBytes - maxBytes + maxBytes / 20
                verdict.shortages.append(
                    "layers take \(Self.text(figures.cacheBytes)) of \(Self.text(maxBytes)) (cache.maxBytes)")
            }
            if figures.cacheBytes >= maxBytes - maxBytes / 10 { verdict.allowsFill = false }
        }
        let missing = minFreeBytes - figures.availableBytes
        if missing > 0 {
            verdict.excess = max(verdict.excess, missing + minFreeBytes / 4)
            verdict.shortages.append(
                "\(Self.text(figures.availableBytes)) of \(Self.text(minFreeBytes)) are free (cache.minFreeBytes)")
        }
        if figures.availableBytes < minFreeBytes + minFreeBytes / 2 { verdict.allowsFill = false }
        let reserved = reserve.bytes(of: figures.totalBytes)
        if figures.availableBytes <= reserved {
            verdict.allowsFill = false
            if reserved > 0 {
                verdict.shortages.append(
                    """
                    \(Self.text(figures.availableBytes)) are free, and the kubelet evicts below \(Self.text(reserved)) \
                    (cache.evictionThreshold)
                    """)
            }
        }
        verdict.excess = min(verdict.excess, figures.cacheBytes)
        return verdict
    }

    /// A size for people.
    package static func text(_ bytes: Int64) -> String {
        bytes < 10 << 20 ? "\(bytes >> 10) KiB" : bytes < 10 << 30 ? "\(bytes >> 20) MiB" : "\(bytes >> 30) GiB"
    }
}
