/// Waits until `condition` holds, asking again and again; what never comes true is an error that says `what`.
package func eventually(
    _ what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while true {
        let isLast = ContinuousClock.now >= end
        if try await condition() { return }
        if isLast { throw Tool.Failure(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}
