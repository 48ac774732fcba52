internal import Foundation
internal import GRPC
internal import History
internal import OCI

/// What the daemon remembers, asked over its socket.
enum HistoryAnswer {
    static func ofPod(_ pod: String, namespace: String?, _ client: RPCClient) async throws -> HistoryReport {
        var request = AdminHistoryRequest()
        request.pod = pod
        request.namespace = namespace ?? ""
        return try await ask(request, client)
    }

    static func ofImage(_ image: String, _ client: RPCClient) async throws -> HistoryReport {
        var request = AdminHistoryRequest()
        request.image = image
        return try await ask(request, client)
    }

    private static func ask(_ request: AdminHistoryRequest, _ client: RPCClient) async throws -> HistoryReport {
        let bytes = [UInt8](try await client.history(request).report)
        do {
            return try JSONDecoder().decode(HistoryReport.self, from: Data(bytes))
        } catch {
            throw CommandError(
                .failure, "the daemon's answer cannot be read; is it of another version than this command?")
        }
    }
}
