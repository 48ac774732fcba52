/// Waits until the task is cancelled.
func waitForCancellation(by clock: some Clock<Duration> = .continuous) async {
    // It ends early by nothing else.
    while !Task.isCancelled { _ = try? await clock.sleep(for: .seconds(86_400)) }
}
