internal import GRPCCore

extension Metadata {
    /// What belongs to the call; what belongs to the connection it came by is written anew on the other one: pseudo headers, the
    /// content type, and which compression is understood.
    var passedOn: Metadata {
        var result = Metadata()
        for (key, value) in self where !key.hasPrefix(":") && !Self.ofTheConnection.contains(key.lowercased()) {
            switch value {
            case .string(let text): result.addString(text, forKey: key)
            case .binary(let bytes): result.addBinary(bytes, forKey: key)
            }
        }
        return result
    }

    private static let ofTheConnection: Set<String> = [
        "te", "content-type", "content-length", "grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message",
    ]
}
