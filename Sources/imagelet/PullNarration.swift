internal import GRPC

/// A pull told line by line, where nothing can be redrawn: a line when something is decided, then one every few seconds.
struct PullNarration {
    private var phase: AdminPullPhase?
    private var lastLine: Duration?
    private static let interval = Duration.seconds(5)

    /// Lines to print now; usually none.
    /// - Parameter time: since any fixed moment.
    mutating func lines(for view: PullView, at time: Duration) -> [String] {
        let progress = view.progress
        if progress.phase != phase {
            phase = progress.phase
            lastLine = time
            return ["\(view.image): \(view.headline)"]
        }
        guard progress.phase == .fetching, view.total.whole > 0, time - (lastLine ?? .zero) >= Self.interval else {
            return []
        }
        lastLine = time
        return ["\(view.image): \(view.fetched)"]
    }
}
