internal import GRPCCore

/// A ``HealthService`` as the generated code wants it (the health checking protocol of gRPC).
struct HealthServiceBinding: GRPCHealth.SimpleServiceProtocol {
    let service: any HealthService

    /// How often somebody who watches is told of a change at the latest.
    static let interval = Duration.seconds(1)

    func check(request: GRPCHealthCheckRequest, context: ServerContext) async throws -> GRPCHealthCheckResponse {
        try await answering(context) {
            guard let isServing = await service.isServing(request.service) else {
                throw RPCFailure(.notFound, "no service '\(request.service.prefix(100))' here")
            }
            return GRPCHealthCheckResponse(isServing ? .serving : .notServing)
        }
    }

    /// Tells the state at once, then every change, until the client goes away.
    func watch(
        request: GRPCHealthCheckRequest, response: RPCWriter<GRPCHealthCheckResponse>,
        context: ServerContext
    ) async throws {
        try await answering(context) {
            var told: GRPCHealthCheckResponse.ServingStatus?
            while true {
                let isServing = await service.isServing(request.service)
                let status: GRPCHealthCheckResponse.ServingStatus =
                    isServing.map { $0 ? .serving : .notServing } ?? .serviceUnknown
                if status != told { try await response.write(GRPCHealthCheckResponse(status)) }
                told = status
                try await Task.sleep(for: Self.interval)
            }
        }
    }
}

extension GRPCHealthCheckResponse {
    fileprivate init(_ status: ServingStatus) {
        self.init()
        self.status = status
    }
}
