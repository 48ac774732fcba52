internal import GRPCCore
internal import GRPCProtobuf
internal import SwiftProtobuf

/// Calls of `runtime.v1.ImageService` that came to us, made again at the runtime.
///
/// They last as long as their callers wait: the deadline is passed on with the metadata, and who hangs up cancels us.
extension RPCClient {
    package func pullImage(
        _ request: PassedRequest<CRIPullImageRequest>
    ) async throws(RPCFailure) -> PassedAnswer<CRIPullImageResponse> {
        try await calling { try await pass(request, to: CRIImageService.Method.PullImage.descriptor) }
    }

    package func removeImage(
        _ request: PassedRequest<CRIRemoveImageRequest>
    ) async throws(RPCFailure) -> PassedAnswer<CRIRemoveImageResponse> {
        try await calling { try await pass(request, to: CRIImageService.Method.RemoveImage.descriptor) }
    }

    package func imageFsInfo(
        _ request: PassedRequest<CRIImageFsInfoRequest>
    ) async throws(RPCFailure) -> PassedAnswer<CRIImageFsInfoResponse> {
        try await calling { try await pass(request, to: CRIImageService.Method.ImageFsInfo.descriptor) }
    }

    private func pass<Request: Message & Sendable, Answer: Message & Sendable>(
        _ request: PassedRequest<Request>, to method: MethodDescriptor
    ) async throws -> PassedAnswer<Answer> {
        try await client.unary(
            request: ClientRequest(message: request.message, metadata: request.metadata), descriptor: method,
            serializer: ProtobufSerializer<Request>(), deserializer: ProtobufDeserializer<Answer>(),
            options: RPCLimits.options(timeout: nil)
        ) { answer in
            PassedAnswer(
                message: try answer.message, metadata: answer.metadata.passedOn,
                trailers: answer.trailingMetadata.passedOn)
        }
    }
}
