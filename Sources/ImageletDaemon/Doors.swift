internal import GRPC
internal import Linux

/// Makes the servers of the daemon, on sockets that outlive it.
struct Doors {
    let kept: KeptDescriptors

    /// - Parameter client: where what is not served is passed on to.
    func server(
        _ name: KeptDescriptors.Name, at path: String, _ services: [RPCService], passingOnTo client: RPCClient? = nil
    ) throws -> RPCServer {
        try Directory.create(Path.parent(of: path), permissions: 0o755)
        return RPCServer(listener: try kept.listener(name, at: path), services: services, passingOnTo: client)
    }
}
