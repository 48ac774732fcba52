import GRPC
import Linux
import SwiftProtobuf
import Synchronization
import Testing

@Suite("Calls passed on to another server")
struct ForwardingTests {
    /// The part of imagelet's: it has a say in pulls, and in nothing else.
    private struct Front: RuntimeImageService {
        let runtime: RPCClient

        func pullImage(
            _ request: PassedRequest<CRIPullImageRequest>
        ) async throws -> PassedAnswer<CRIPullImageResponse> {
            var answer = try await runtime.pullImage(request)
            answer.message.imageRef += " through the front"
            return answer
        }

        func removeImage(
            _ request: PassedRequest<CRIRemoveImageRequest>
        ) async throws -> PassedAnswer<CRIRemoveImageResponse> {
            try await runtime.removeImage(request)
        }

        func imageFsInfo(
            _ request: PassedRequest<CRIImageFsInfoRequest>
        ) async throws -> PassedAnswer<CRIImageFsInfoResponse> {
            try await runtime.imageFsInfo(request)
        }
    }

    /// A server before `runtime`, and a client of it.
    private func throughFront<Answer: Sendable>(
        to runtime: RPCEndpoint, patience: Duration = .seconds(60),
        _ body: @escaping @Sendable (RPCClient) async throws -> Answer
    ) async throws -> Answer {
        let onward = try RPCClient(to: runtime, patience: patience)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await onward.run() }
            defer { group.cancelAll() }
            return try await withServer([.runtimeImages(Front(runtime: onward))], passingOnTo: onward) { endpoint, _ in
                try await RPCClient.withConnection(to: endpoint) { client in try await body(client) }
            }
        }
    }

    @Test("what the front has a part in it sees, everything else passes it by")
    func split() async throws {
        let behind = ScriptedImageService(
            list: { request in
                var image = CRIImage()
                image.id = request.filter.image.image
                var answer = CRIListImagesResponse()
                answer.images = [image]
                return answer
            },
            pull: { _ in
                var answer = CRIPullImageResponse()
                answer.imageRef = "from behind"
                return answer
            })
        try await withServer([.images(behind)]) { runtime, _ in
            try await throughFront(to: runtime) { client in
                let pulled = try await client.pullImage(CRIPullImageRequest())
                #expect(pulled.imageRef == "from behind through the front")
                var request = CRIListImagesRequest()
                request.filter.image.image = "asked"
                let listed = try await client.listImages(request)
                #expect(listed.images.map(\.id) == ["asked"])
            }
        }
    }

    @Test("a stream passes in order, and a message of nearly 16 MiB")
    func stream() async throws {
        let large = String(repeating: "x", count: RPCLimits.maximumMessageBytes - 1024)
        let messages = ((0..<100).map { "\($0)" } + [large]).map { id in
            var image = CRIImage()
            image.id = id
            var message = CRIStreamImagesResponse()
            message.images = [image]
            return message
        }
        let received = Mutex<[String]>([])
        try await withServer([.images(ScriptedImageService(stream: messages))]) { runtime, _ in
            try await throughFront(to: runtime) { client in
                try await client.streamImages(CRIStreamImagesRequest()) { message in
                    received.withLock { $0 += message.images.map(\.id) }
                }
            }
        }
        #expect(received.withLock { $0 } == (0..<100).map(String.init) + [large])
    }

    @Test("a failure keeps its code and message", arguments: RPCFailure.Code.allCases)
    func failure(_ code: RPCFailure.Code) async throws {
        let behind = ScriptedImageService(list: { _ in throw RPCFailure(code, "wörds of the runtime: 100 %") })
        try await withServer([.images(behind)]) { runtime, _ in
            let failure = try await throughFront(to: runtime) { client in
                await #expect(throws: RPCFailure.self) { try await client.listImages(CRIListImagesRequest()) }
            }
            #expect(failure == RPCFailure(code, "wörds of the runtime: 100 %"))
        }
    }

    @Test("what nobody serves is unimplemented, as the one behind says it")
    func unknownMethod() async throws {
        try await withServer([.images(ScriptedImageService())]) { runtime, _ in
            let failure = try await throughFront(to: runtime) { client in
                await #expect(throws: RPCFailure.self) { try await client.status(AdminStatusRequest()) }
            }
            #expect(failure?.code == .unimplemented)
        }
    }

    @Test("the end of the call ends it behind", .timeLimit(.minutes(2)))
    func cancellation() async throws {
        let (began, cancelled) = (Signal(), Signal())
        let behind = ScriptedImageService(list: { _ in
            began.send()
            do {
                try await Task.sleep(for: .seconds(3600))
            } catch {
                cancelled.send()
                throw error
            }
            return CRIListImagesResponse()
        })
        try await withServer([.images(behind)]) { runtime, _ in
            try await throughFront(to: runtime) { client in
                let call = Task { try await client.listImages(CRIListImagesRequest()) }
                await began.wait()
                call.cancel()
                _ = await #expect(throws: RPCFailure.self) { try await call.value }
                await cancelled.wait()
            }
        }
    }

    @Test("a runtime that is away fails the call clearly, in bounded time", .timeLimit(.minutes(2)))
    func nobodyThere() async throws {
        try await withSocketDirectory { directory in
            let runtime = try RPCEndpoint(directory + "/absent.sock")
            let failure = try await throughFront(to: runtime, patience: .milliseconds(200)) { client in
                await #expect(throws: RPCFailure.self) { try await client.listImages(CRIListImagesRequest()) }
            }
            #expect(failure?.code == .unavailable)
            #expect(failure?.message.contains("absent.sock") == true)
        }
    }

    @Test("a call waits for a runtime that comes, and one that comes back", .timeLimit(.minutes(2)))
    func waitsForTheRuntime() async throws {
        try await withSocketDirectory { directory in
            let path = directory + "/late.sock"
            try await throughFront(to: try RPCEndpoint(path)) { client in
                for _ in 0..<3 {
                    let call = Task { try await client.listImages(CRIListImagesRequest()) }
                    try await withServer([.images(ScriptedImageService())], at: path) { _, _ in
                        _ = try await call.value
                    }
                }
            }
        }
    }
}
