internal import FoundationEssentials
internal import GRPC
internal import History
internal import Images
internal import Logging
internal import OCI

/// What the command asks about the past.
extension AdminServer {
    func history(_ request: AdminHistoryRequest) async throws -> AdminHistoryResponse {
        try await log.recording("History", at: .debug) {
            let report: HistoryReport
            switch request.subject {
            case .pod(let pod):
                report = try past.report(pod: pod, namespace: request.namespace.isEmpty ? nil : request.namespace)
            case .image(let image): report = try past.report(image: image)
            case nil: throw RPCFailure(.invalidArgument, "History names neither a pod nor an image")
            }
            var answer = AdminHistoryResponse()
            answer.report = Data(try OCIDocument.encode(report))
            return answer
        }
    }
}
