internal import GRPCCore
internal import GRPCProtobuf
internal import SwiftProtobuf

/// A ``RuntimeImageService`` as a router wants it: three methods of the generated service, the others left to be passed on.
struct RuntimeImageServiceBinding: RegistrableRPCService {
    let service: any RuntimeImageService

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        register(CRIImageService.Method.PullImage.descriptor, with: &router) { try await $0.pullImage($1) }
        register(CRIImageService.Method.RemoveImage.descriptor, with: &router) { try await $0.removeImage($1) }
        register(CRIImageService.Method.ImageFsInfo.descriptor, with: &router) { try await $0.imageFsInfo($1) }
    }

    private func register<Request: Message & Sendable, Answer: Message & Sendable, Transport: ServerTransport>(
        _ method: MethodDescriptor, with router: inout RPCRouter<Transport>,
        _ call:
            @escaping @Sendable (any RuntimeImageService, PassedRequest<Request>) async throws
            -> PassedAnswer<Answer>
    ) {
        router.registerHandler(
            forMethod: method, deserializer: ProtobufDeserializer<Request>(),
            serializer: ProtobufSerializer<Answer>()
        ) { [service] request, context in
            let received = try await ServerRequest(stream: request)
            let request = PassedRequest(message: received.message, metadata: received.metadata.passedOn)
            let answer = try await answering(context) { try await call(service, request) }
            return StreamingServerResponse(
                single: ServerResponse(
                    message: answer.message, metadata: answer.metadata, trailingMetadata: answer.trailers))
        }
    }
}
