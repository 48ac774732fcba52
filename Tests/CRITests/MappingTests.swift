import CRI
import Distribution
import GRPC
import Images
import Testing

@Suite("What crosses the border")
struct MappingTests {
    @Test(
        "every failure of a use case has its status",
        arguments: [
            (ImageError.Code.invalidReference, RPCFailure.Code.invalidArgument, "m"),
            (.notFound, .notFound, "m"),
            (.unauthenticated, .unauthenticated, "m"),
            (.denied, .permissionDenied, "m"),
            (.rateLimited, .resourceExhausted, "m"),
            // Kubelet reads the first word, and only of UNKNOWN.
            (.unavailable, .unknown, "RegistryUnavailable: m"),
            (.unsupported, .failedPrecondition, "m"),
            (.corrupt, .dataLoss, "m"),
            (.diskFull, .resourceExhausted, "m"),
            (.inUse, .failedPrecondition, "m"),
            (.failed, .internalError, "m"),
        ])
    func failures(code: ImageError.Code, status: RPCFailure.Code, message: String) {
        #expect(RPCFailure(answering: ImageError(code, "m")) == RPCFailure(status, message))
    }

    @Test("other errors are cancellation or our bug")
    func otherFailures() {
        struct Surprise: Error {}
        #expect(RPCFailure(answering: CancellationError()).code == .cancelled)
        #expect(RPCFailure(answering: Surprise()).code == .internalError)
        #expect(RPCFailure(answering: RPCFailure(.aborted, "m")) == RPCFailure(.aborted, "m"))
    }

    @Test("credentials keep each field in its place")
    func credentials() throws {
        var request = CRIPullImageRequest()
        request.image.image = "a"
        request.auth.username = "1"
        request.auth.password = "2"
        request.auth.auth = "3"
        request.auth.serverAddress = "4"
        request.auth.identityToken = "5"
        request.auth.registryToken = "6"
        let expected = RequestCredentials(
            username: "1", password: "2", auth: "3", serverAddress: "4", identityToken: "5", registryToken: "6")
        #expect(try PullRequest(request).credentials == expected)
    }

    @Test("the runtime's handler is the field's, else the annotation's")
    func runtimeHandler() throws {
        var request = CRIPullImageRequest()
        request.image.image = "a"
        #expect(try PullRequest(request).runtimeHandler.isEmpty)
        request.sandboxConfig.annotations = ["io.containerd.cri.runtime-handler": "annotated"]
        #expect(try PullRequest(request).runtimeHandler == "annotated")
        request.image.runtimeHandler = "told"
        #expect(try PullRequest(request).runtimeHandler == "told")
    }

    @Test("no credentials and empty ones are told apart")
    func noCredentials() throws {
        var request = CRIPullImageRequest()
        request.image.image = "a"
        #expect(try PullRequest(request).credentials == nil)
        request.auth = CRIAuthConfig()
        #expect(try PullRequest(request).credentials == RequestCredentials())
    }

    @Test("an image never has size 0")
    func size() {
        #expect(CRIImage(Image(id: "sha256:aa", tags: [], digests: [], size: 0)).size == 1)
    }
}
