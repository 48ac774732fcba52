internal import GRPCCore

/// One service a ``RPCServer`` offers.
package struct RPCService: Sendable {
    let binding: any RegistrableRPCService & Sendable

    /// `runtime.v1.ImageService`
    package static func images(_ service: some ImageService) -> RPCService {
        RPCService(binding: ImageServiceBinding(service: service))
    }

    /// The calls of `runtime.v1.ImageService` that a server in front of a runtime does not pass on.
    package static func runtimeImages(_ service: some RuntimeImageService) -> RPCService {
        RPCService(binding: RuntimeImageServiceBinding(service: service))
    }

    /// `containerd.services.snapshots.v1.Snapshots`
    package static func snapshots(_ service: some SnapshotsService) -> RPCService {
        RPCService(binding: SnapshotsServiceBinding(service: service))
    }

    /// `imagelet.admin.v1.Admin`
    package static func admin(_ service: some AdminService) -> RPCService {
        RPCService(binding: AdminServiceBinding(service: service))
    }

    /// `grpc.health.v1.Health`
    package static func health(_ service: some HealthService) -> RPCService {
        RPCService(binding: HealthServiceBinding(service: service))
    }
}
