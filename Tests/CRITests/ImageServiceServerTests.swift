import CRI
import GRPC
import Images
import InMemoryLogging
import Logging
import State
import Synchronization
import Testing

@Suite("The image service")
struct ImageServiceServerTests {
    private static let shell = Image(
        id: "sha256:aa", tags: ["docker.io/library/shell:1", "example.org/shell:1"],
        digests: ["example.org/shell@sha256:bb"], size: 42, user: .id(0), pinned: true)
    private static let web = Image(
        id: "sha256:cc", tags: ["example.org/web:2"], digests: [], size: 7, user: .name("www"))

    private func service(
        _ images: MemoryImages, logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) -> ImageServiceServer {
        ImageServiceServer(catalog: images, puller: images, logger: logger)
    }

    private func spec(_ name: String) -> CRIImageSpec {
        var spec = CRIImageSpec()
        spec.image = name
        return spec
    }

    @Test(
        "lists what the filter names",
        arguments: [
            ("", ["sha256:aa", "sha256:cc"]), ("example.org/web:2", ["sha256:cc"]), ("sha256:aa", ["sha256:aa"]),
            ("example.org/none", []), ("BAD::", []),
        ])
    func list(filter: String, ids: [String]) async throws {
        let service = service(MemoryImages([Self.shell, Self.web]))
        var request = CRIListImagesRequest()
        request.filter.image = spec(filter)
        #expect(try await service.listImages(request).images.map(\.id) == ids)
    }

    @Test("fills an image message")
    func message() async throws {
        let service = service(MemoryImages([Self.shell, Self.web]))
        let images = try await service.listImages(CRIListImagesRequest()).images
        let shell = try #require(images.first)
        #expect(shell.repoTags == Self.shell.tags)
        #expect(shell.repoDigests == Self.shell.digests)
        #expect(shell.size == 42)
        #expect(shell.hasUid && shell.uid.value == 0 && shell.username.isEmpty)
        #expect(shell.pinned)
        let web = try #require(images.last)
        #expect(!web.hasUid && web.username == "www" && !web.pinned)
    }

    @Test("streams every image once, in pieces", arguments: [0, 1, 100, 101, 250])
    func stream(count: Int) async throws {
        let images = (0..<count).map { Image(id: "sha256:\($0)", tags: [], digests: [], size: 1) }
        let received = Mutex<[[String]]>([])
        try await service(MemoryImages(images)).streamImages(CRIStreamImagesRequest()) { message in
            received.withLock { $0.append(message.images.map(\.id)) }
        }
        let messages = received.withLock { $0 }
        #expect(messages.flatMap { $0 } == images.map(\.id))
        #expect(messages.count == (count + 99) / 100)
        #expect(messages.allSatisfy { !$0.isEmpty })
    }

    @Test("says nothing of an image that is not here", arguments: ["", "example.org/none:1", "BAD::"], [false, true])
    func absent(name: String, verbose: Bool) async throws {
        var request = CRIImageStatusRequest()
        request.image = spec(name)
        request.verbose = verbose
        #expect(try await service(MemoryImages([Self.shell])).imageStatus(request) == CRIImageStatusResponse())
    }

    @Test("answers by every name of an image alike")
    func names() async throws {
        let service = service(MemoryImages([Self.shell, Self.web]))
        for name in [Self.shell.id] + Self.shell.tags + Self.shell.digests {
            var request = CRIImageStatusRequest()
            request.image = spec(name)
            let answer = try await service.imageStatus(request)
            #expect(answer.image == CRIImage(Self.shell))
            #expect(answer.info.isEmpty)
        }
    }

    @Test("tells more when asked to be verbose")
    func verbose() async throws {
        var request = CRIImageStatusRequest()
        request.image = spec("sha256:aa")
        request.verbose = true
        let answer = try await service(MemoryImages([Self.shell])).imageStatus(request)
        #expect(answer.info == ["imagelet": "{\"id\":\"sha256:aa\"}"])
    }

    @Test("pulls, and the id is the one that is listed")
    func pull() async throws {
        let images = MemoryImages()
        let service = service(images)
        var request = CRIPullImageRequest()
        request.image = spec("example.org/a:1")
        request.image.annotations = ["both": "image", "image": "1"]
        request.sandboxConfig.annotations = ["both": "sandbox", "sandbox": "1"]
        let answer = try await service.pullImage(request)
        #expect(try await service.listImages(CRIListImagesRequest()).images.map(\.id) == [answer.imageRef])
        let pulled = try #require(images.requests.first)
        #expect(pulled.image == "example.org/a:1")
        #expect(pulled.annotations == ["both": "image", "image": "1", "sandbox": "1"])
        #expect(pulled.credentials == nil)
    }

    @Test("refuses a pull that names no image")
    func pullNothing() async throws {
        let images = MemoryImages()
        let failure = await #expect(throws: RPCFailure.self) {
            try await service(images).pullImage(CRIPullImageRequest())
        }
        #expect(failure?.code == .invalidArgument)
        #expect(images.requests.isEmpty)
    }

    @Test(
        "removes by any name, and again",
        arguments: ["sha256:aa", "example.org/shell:1", "example.org/shell@sha256:bb"])
    func remove(name: String) async throws {
        let service = service(MemoryImages([Self.shell, Self.web]))
        var request = CRIRemoveImageRequest()
        request.image = spec(name)
        for _ in 1...2 { _ = try await service.removeImage(request) }
        #expect(try await service.listImages(CRIListImagesRequest()).images.map(\.id) == ["sha256:cc"])
    }

    @Test("removing what cannot be here is no error", arguments: ["", "BAD::", String(repeating: "0", count: 64)])
    func removeNothing(name: String) async throws {
        var request = CRIRemoveImageRequest()
        request.image = spec(name)
        let service = service(MemoryImages([Self.shell]))
        _ = try await service.removeImage(request)
        #expect(try await service.listImages(CRIListImagesRequest()).images.count == 1)
    }

    @Test("tells the disk use of the store")
    func usage() async throws {
        let answer = try await service(MemoryImages()).imageFsInfo(CRIImageFsInfoRequest())
        let usage = try #require(answer.imageFilesystems.first)
        #expect(answer.imageFilesystems.count == 1)
        #expect(usage.fsID.mountpoint == "/var/lib/imagelet")
        #expect(usage.usedBytes.value == 4096)
        #expect(usage.inodesUsed.value == 0)
        #expect(usage.timestamp > 1_700_000_000_000_000_000)
    }

    @Test("writes one line a call, with its outcome and no secret")
    func log() async throws {
        let records = InMemoryLogHandler()
        var logger = Logger(label: "test") { _ in records }
        logger.logLevel = .trace
        let service = service(MemoryImages(obstacle: { throw ImageError(.denied, "no") }), logger: logger)
        var request = CRIPullImageRequest()
        request.image = spec("example.org/a:1")
        request.auth.username = "someone"
        request.auth.password = "hunter2"
        _ = await #expect(throws: RPCFailure(.permissionDenied, "no")) { try await service.pullImage(request) }
        _ = try await service.imageFsInfo(CRIImageFsInfoRequest())
        let entries = records.entries
        #expect(entries.map { $0.metadata["rpc.method"] } == ["PullImage", "ImageFsInfo"])
        #expect(entries.map { $0.metadata["rpc.code"] } == ["permissionDenied", "ok"])
        #expect(entries.map(\.level) == [.warning, .debug])
        #expect(!"\(entries)".contains("hunter2") && !"\(entries)".contains("someone"))
    }

    @Test("a cancelled pull is cancelled below, and says so", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let (began, continuation) = AsyncStream<Void>.makeStream()
        let images = MemoryImages(obstacle: {
            continuation.finish()
            try await Task.sleep(for: .seconds(3600))
        })
        let service = service(images)
        let call = Task {
            var request = CRIPullImageRequest()
            request.image.image = "example.org/a:1"
            return try await service.pullImage(request)
        }
        for await _ in began {}
        call.cancel()
        let failure = await #expect(throws: RPCFailure.self) { try await call.value }
        #expect(failure?.code == .cancelled)
        #expect(try images.images(matching: nil).isEmpty)
    }
}
