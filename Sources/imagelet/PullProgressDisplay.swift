internal import GRPC
internal import Synchronization

/// Shows on standard error how a pull comes along, as the daemon tells it; shows nothing if no daemon of ours is there.
struct PullProgressDisplay {
    var image: String
    var admin: AdminOptions

    private struct State {
        var meter = RateMeter()
        var screen = Redraw()
        var narration = PullNarration()
    }

    /// Returns when the pull has ended, or at once if it can't be followed.
    func run() async {
        let state = Mutex(State())
        let start = ContinuousClock.now
        try? await admin.calling("follow \(image)") { client in
            var request = AdminWatchPullRequest()
            request.image = image
            try await client.watchPull(request) { progress in
                let time = ContinuousClock.now - start
                let text = state.withLock { show(progress, at: time, &$0) }
                if !text.isEmpty { Output.draw(text) }
            }
        }
    }

    private func show(_ progress: AdminPullProgress, at time: Duration, _ state: inout State) -> String {
        var view = PullView(image: image, progress: progress, bytesPerSecond: nil, width: Output.columns)
        state.meter.add(view.total.part, at: time)
        view.bytesPerSecond = state.meter.bytesPerSecond
        if Output.talksToTerminal { return state.screen.frame(view.lines) }
        return state.narration.lines(for: view, at: time).map { $0 + "\n" }.joined()
    }
}
