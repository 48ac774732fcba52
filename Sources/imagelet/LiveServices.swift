internal import CRI
internal import Config
internal import Doctor
internal import GRPC
internal import Images
internal import Policy

/// The daemon and the runtime of this node, asked over their sockets.
struct LiveServices: NodeServices {
    let sockets: ImageletConfiguration.Sockets
    let runtime: ImageletConfiguration.Runtime
    /// A service that takes longer than this to answer is as good as none.
    private static let patience = Duration.seconds(10)

    func daemon() async -> Answer<DaemonFacts> {
        await ask(sockets.admin) { client in
            let facts = try await client.status(AdminStatusRequest()).daemon
            return DaemonFacts(version: facts.version, process: facts.processID, runtime: facts.runtime)
        }
    }

    func images() async -> Answer<Void> {
        await ask(sockets.cri) { client in _ = try await client.imageFsInfo(CRIImageFsInfoRequest()) }
    }

    func runtimeKnowsUs() async -> Answer<Bool> {
        await ask(sockets.runtime) { [runtime] client in
            switch runtime {
            case .crio: try await !StorageRuntime(client: client).graphRoots().isEmpty
            case .none, .containerd: try await ContainerRuntime(client: client).takesLayers()
            }
        }
    }

    private func ask<Value: Sendable>(
        _ socket: String, _ question: @Sendable @escaping (RPCClient) async throws -> Value
    ) async -> Answer<Value> {
        do {
            let endpoint = try RPCEndpoint("unix://" + socket)
            return try await withThrowingTaskGroup(of: Answer<Value>.self) { group in
                group.addTask { .says(try await RPCClient.withConnection(to: endpoint, question)) }
                group.addTask {
                    try await Task.sleep(for: Self.patience)
                    return .fails("no answer within \(Self.patience)")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .fails("not asked")
            }
        } catch {
            return .fails("\(error)")
        }
    }
}

extension RegistryFacts {
    mutating func take(_ survey: RegistrySurvey) {
        switch survey.ranges {
        case .supported: ranges = .yes
        case .unsupported: ranges = .no("asked for a part, it sent the whole")
        case .unknown(let why): ranges = .unknown(why)
        }
        switch survey.referrers {
        case .yes: referrers = .yes
        case .no: referrers = .no("they are found by their tag, if a tool kept one")
        case .unknown(let why): referrers = .unknown(why)
        }
        switch survey.index {
        case .found: index = .yes
        case .none: index = .no("there is none: the image is fetched whole if it is large")
        case .refused(let why): index = .unknown("refused: \(why)")
        case .unknown(let why): index = .unknown(why)
        }
    }
}
