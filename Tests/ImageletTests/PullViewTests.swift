import GRPC
import Testing

@testable import imagelet

@Suite("The progress of a pull")
struct PullViewTests {
    private static func layer(_ number: Int, _ state: AdminLayerState, fetched: UInt64 = 0, size: UInt64)
        -> AdminLayerStatus
    {
        var layer = AdminLayerStatus()
        let hex = String(number, radix: 16)
        layer.digest = "sha256:" + String(repeating: "0", count: 12 - hex.count) + hex + "ffff"
        layer.state = state
        layer.blobFetched = fetched
        layer.blobSize = size
        layer.contentPresent = fetched * 2
        layer.contentSize = size * 2
        return layer
    }

    private static func progress(_ phase: AdminPullPhase, _ layers: [AdminLayerStatus] = []) -> AdminPullProgress {
        var progress = AdminPullProgress()
        progress.phase = phase
        progress.layers = layers
        if phase != .resolving, phase != .deciding {
            progress.strategy = "prefetch"
            progress.reasons = ["noIndex: no index was found"]
        }
        return progress
    }

    private static let mebibyte: UInt64 = 1 << 20

    private static func view(_ progress: AdminPullProgress, rate: UInt64? = nil, width: Int = 80) -> PullView {
        PullView(image: "example.org/a:1", progress: progress, bytesPerSecond: rate, width: width)
    }

    @Test("before there is anything to count")
    func early() {
        #expect(Self.view(Self.progress(.resolving)).lines == ["example.org/a:1  resolving"])
        #expect(Self.view(Self.progress(.deciding)).lines == ["example.org/a:1  deciding"])
    }

    @Test("a line for each layer and one for all")
    func layers() {
        let layers = [
            Self.layer(1, .complete, fetched: Self.mebibyte, size: Self.mebibyte),
            Self.layer(2, .prefetching, fetched: 50 * Self.mebibyte, size: 100 * Self.mebibyte),
            Self.layer(3, .streaming, fetched: Self.mebibyte, size: 100 * Self.mebibyte),
            Self.layer(4, .waiting, size: 99 * Self.mebibyte),
        ]
        #expect(
            Self.view(Self.progress(.fetching, layers), rate: 10 * Self.mebibyte).lines == [
                "example.org/a:1  prefetch (noIndex: no index was found)",
                "  000000000001  complete, 1.0 MiB",
                "  000000000002  [============>           ] 50.0 MiB of 100.0 MiB",
                "  000000000003  usable, 1% here",
                "  000000000004  waiting",
                "  [======>                 ] 25%  51.0 MiB of 200.0 MiB  10.0 MiB/s  15s left",
            ])
    }

    @Test("many layers do not fill the screen")
    func manyLayers() {
        let layers = (0..<100).map { Self.layer($0, $0 < 30 ? .complete : .prefetching, size: Self.mebibyte) }
        let lines = Self.view(Self.progress(.fetching, layers)).lines
        #expect(lines.count == PullView.maximumLayerLines + 3)
        #expect(lines[1].hasPrefix("  00000000001e  "))
        #expect(lines[PullView.maximumLayerLines + 1] == "  and 88 more layers, 30 complete")
    }

    @Test("bars have the same width whatever they show", arguments: [0, 1, 50, 99, 100, 200] as [UInt64])
    func barWidth(part: UInt64) {
        #expect(PullView.bar(part, of: 100, width: 10).count == 12)
    }

    @Test("bars")
    func bars() {
        #expect(PullView.bar(0, of: 100, width: 10) == "[>         ]")
        #expect(PullView.bar(50, of: 100, width: 10) == "[=====>    ]")
        #expect(PullView.bar(99, of: 100, width: 10) == "[=========>]")
        #expect(PullView.bar(100, of: 100, width: 10) == "[==========]")
        #expect(PullView.bar(0, of: 0, width: 10) == "[==========]")
    }

    @Test("no line is wider than the terminal", arguments: [70, 80, 120, 300])
    func width(width: Int) {
        let layers = [Self.layer(2, .prefetching, fetched: 1023 * Self.mebibyte, size: 1023 * Self.mebibyte)]
        let lines = Self.view(Self.progress(.fetching, layers), rate: 1023 << 20, width: width).lines
        #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
    }

    @Test("the speed is that of the last seconds")
    func rate() {
        var meter = RateMeter()
        #expect(meter.bytesPerSecond == nil)
        meter.add(0, at: .zero)
        meter.add(100, at: .milliseconds(100))
        #expect(meter.bytesPerSecond == nil)
        for second in 1...10 { meter.add(UInt64(second) * 1000, at: .seconds(second)) }
        #expect(meter.bytesPerSecond == 1000)
        for second in 11...20 { meter.add(10_000, at: .seconds(second)) }
        #expect(meter.bytesPerSecond == 0)
        meter.add(5, at: .seconds(21))
        #expect(meter.bytesPerSecond == nil)
    }

    @Test("without a terminal it is told in lines")
    func narration() {
        var narration = PullNarration()
        func tell(_ progress: AdminPullProgress, _ seconds: Int) -> [String] {
            narration.lines(for: Self.view(progress, rate: Self.mebibyte), at: .seconds(seconds))
        }
        let half = Self.progress(
            .fetching, [Self.layer(1, .prefetching, fetched: 4 * Self.mebibyte, size: 8 * Self.mebibyte)])
        #expect(tell(Self.progress(.resolving), 0) == ["example.org/a:1: resolving"])
        #expect(tell(Self.progress(.resolving), 1) == [])
        #expect(tell(half, 2) == ["example.org/a:1: prefetch (noIndex: no index was found)"])
        #expect(tell(half, 6) == [])
        #expect(tell(half, 7) == ["example.org/a:1: 50%  4.0 MiB of 8.0 MiB  1.0 MiB/s  5s left"])
        #expect(tell(half, 8) == [])
        #expect(tell(Self.progress(.done), 9) == ["example.org/a:1: done, prefetch (noIndex: no index was found)"])
    }

    @Test("a frame covers the one before")
    func redraw() {
        var screen = Redraw()
        #expect(screen.frame(["a", "b"]) == "\u{1B}[?7l\r\u{1B}[2Ka\n\r\u{1B}[2Kb\n\u{1B}[J\u{1B}[?7h")
        #expect(screen.frame(["c"]) == "\u{1B}[?7l\u{1B}[2A\r\u{1B}[2Kc\n\u{1B}[J\u{1B}[?7h")
        #expect(screen.frame([]) == "\u{1B}[?7l\u{1B}[1A\u{1B}[J\u{1B}[?7h")
    }
}
