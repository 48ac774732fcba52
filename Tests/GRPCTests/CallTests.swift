import GRPC
import SwiftProtobuf
import Synchronization
import Testing

@Suite("Calls over a unix socket")
struct CallTests {
    @Test("an answer comes back")
    func unary() async throws {
        let service = ScriptedImageService(list: { request in
            var image = CRIImage()
            image.id = "sha256:1"
            image.repoTags = [request.filter.image.image]
            var answer = CRIListImagesResponse()
            answer.images = [image]
            return answer
        })
        let answer = try await withServer([.images(service)]) { endpoint, _ in
            try await RPCClient.withConnection(to: endpoint) { client in
                var request = CRIListImagesRequest()
                request.filter.image.image = "example.org/a:b"
                return try await client.listImages(request)
            }
        }
        #expect(answer.images.map(\.repoTags) == [["example.org/a:b"]])
    }

    @Test("streamed messages arrive in order")
    func stream() async throws {
        let messages = (0..<100).map { number in
            var image = CRIImage()
            image.id = "\(number)"
            var message = CRIStreamImagesResponse()
            message.images = [image]
            return message
        }
        let received = Mutex<[String]>([])
        try await withServer([.images(ScriptedImageService(stream: messages))]) { endpoint, _ in
            try await RPCClient.withConnection(to: endpoint) { client in
                try await client.streamImages(CRIStreamImagesRequest()) { message in
                    received.withLock { $0 += message.images.map(\.id) }
                }
            }
        }
        #expect(received.withLock { $0 } == (0..<100).map(String.init))
    }

    @Test("fields the proto does not know come back as they went")
    func unknownFields() async throws {
        let service = ScriptedImageService(status: { request in
            var answer = CRIImageStatusResponse()
            answer.image.id = "sha256:1"
            answer.image.spec = request.image
            return answer
        })
        // Field 9999, length-delimited, "new", in ImageSpec.
        let unknown: [UInt8] = [0xFA, 0xF0, 0x04, 0x03] + Array("new".utf8)
        var request = CRIImageStatusRequest()
        request.image = try CRIImageSpec(serializedBytes: unknown)
        let sent = request
        let answer = try await withServer([.images(service)]) { endpoint, _ in
            try await RPCClient.withConnection(to: endpoint) { try await $0.imageStatus(sent) }
        }
        #expect(try answer.image.spec.serializedBytes() as [UInt8] == unknown)
    }

    @Test("messages of nearly 16 MiB pass both ways")
    func largeMessage() async throws {
        let text = String(repeating: "x", count: RPCLimits.maximumMessageBytes - 1024)
        let service = ScriptedImageService(status: { request in
            var answer = CRIImageStatusResponse()
            answer.image.id = request.image.image
            return answer
        })
        let answer = try await withServer([.images(service)]) { endpoint, _ in
            try await RPCClient.withConnection(to: endpoint) { client in
                var request = CRIImageStatusRequest()
                request.image.image = text
                return try await client.imageStatus(request)
            }
        }
        #expect(answer.image.id == text)
    }

    // The transport resets the stream without a status, so there is no code to insist on.
    @Test("a request over 16 MiB is refused, and the server lives on")
    func tooLarge() async throws {
        try await withServer([.images(ScriptedImageService())]) { endpoint, _ in
            await #expect(throws: RPCFailure.self) {
                try await RPCClient.withConnection(to: endpoint) { client in
                    var request = CRIImageStatusRequest()
                    request.image.image = String(repeating: "x", count: RPCLimits.maximumMessageBytes + 1)
                    return try await client.imageStatus(request)
                }
            }
            _ = try await RPCClient.withConnection(to: endpoint) { try await $0.listImages(CRIListImagesRequest()) }
        }
    }

    @Test("a failure keeps its code and message", arguments: RPCFailure.Code.allCases)
    func failure(code: RPCFailure.Code) async throws {
        let service = ScriptedImageService(list: { _ in throw RPCFailure(code, "what: why; try this, naïvely") })
        try await withServer([.images(service)]) { endpoint, _ in
            _ = await #expect(throws: RPCFailure(code, "what: why; try this, naïvely")) {
                try await RPCClient.withConnection(to: endpoint) { try await $0.listImages(CRIListImagesRequest()) }
            }
        }
    }

    @Test("a service nobody registered is unimplemented")
    func unregistered() async throws {
        try await withServer([.images(ScriptedImageService())]) { endpoint, _ in
            let failure = await #expect(throws: RPCFailure.self) {
                try await RPCClient.withConnection(to: endpoint) { try await $0.status(AdminStatusRequest()) }
            }
            #expect(failure?.code == .unimplemented)
        }
    }

    @Test("nobody listening is unavailable")
    func nobodyListening() async throws {
        let endpoint = try RPCEndpoint("/tmp/imagelet-grpc-nobody-\(UInt64.random(in: 0 ... .max)).sock")
        let failure = await #expect(throws: RPCFailure.self) {
            try await RPCClient.withConnection(to: endpoint) { try await $0.listImages(CRIListImagesRequest()) }
        }
        #expect(failure?.code == .unavailable)
        #expect(failure?.message.contains(endpoint.path) == true)
    }
}
