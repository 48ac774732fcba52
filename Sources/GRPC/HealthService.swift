/// Whether the services of a server would be served, for `grpc.health.v1.Health`.
package protocol HealthService: Sendable {
    /// - Parameter service: full name of a service; empty for the server as a whole.
    /// - Returns: nil if there is no such service.
    func isServing(_ service: String) async -> Bool?
}
