internal import GRPCCore

/// One service a ``RPCServer`` offers.
package struct RPCService: Sendable {
    let binding: any RegistrableRPCService & Sendable

    /// `runtime.v1.ImageService`
    package static func images(_ service: some ImageService) -> RPCService {
        RPCService(binding: ImageServiceBinding(service: service))
    }

    /// `containerd.services.snapshots.v1.Snapshots`
    package static func snapshots(_ service: some SnapshotsService) -> RPCService {
        RPCService(binding: SnapshotsServiceBinding(service: service))
    }

    /// `imagelet.admin.v1.Admin`
    package static func admin(_ service: some AdminService) -> RPCService {
        RPCService(binding: AdminServiceBinding(service: service))
    }
}
