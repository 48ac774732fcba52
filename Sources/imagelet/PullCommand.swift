internal import ArgumentParser
internal import GRPC
internal import Report

struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Bring an image to this node, by the CRI as a kubelet would.",
        discussion: "Prints the id of the image. How it comes along is told on standard error.")

    @Argument(help: "Name of the image: [HOST/]REPOSITORY[:TAG][@DIGEST]")
    var image: String

    @OptionGroup var login: LoginOptions

    @Option(
        help: ArgumentHelp("An annotation of the pod that wants the image; may be repeated.", valueName: "key=value"))
    var annotation: [Annotation] = []

    @Flag(name: .shortAndLong, help: "Print the id only.")
    var quiet = false

    @OptionGroup var service: ServiceOptions
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let request = try request
        let start = ContinuousClock.now
        let id = try await withThrowingTaskGroup(of: Void.self) { group in
            if !quiet {
                group.addTask { await PullProgressDisplay(image: image, admin: admin).run() }
            }
            defer { group.cancelAll() }
            return try await service.calling("pull \(image)") { try await $0.pullImage(request).imageRef }
        }
        if !quiet { await tell(id, after: ContinuousClock.now - start) }
        try Output.write(id + "\n")
    }

    var request: CRIPullImageRequest {
        get throws {
            var request = CRIPullImageRequest()
            request.image.image = image
            request.image.userSpecifiedImage = image
            request.image.annotations = Dictionary(annotation.map { ($0.key, $0.value) }) { $1 }
            if let creds = login.credentials {
                request.auth.username = creds.username
                request.auth.password = creds.password
            }
            return request
        }
    }

    /// The last word: what came of it. A service other than ours has nothing to add to the time.
    private func tell(_ id: String, after elapsed: Duration) async {
        var line = "\(image): pulled in \(Measures.seconds(elapsed))"
        let answer = try? await admin.calling("get the status") { client in
            var request = AdminStatusRequest()
            request.image = id
            return try await client.status(request, timeout: .seconds(2))
        }
        if let image = answer?.images.first.map({ ImageReport($0) }) {
            let fetched = Measures.bytes(image.layers.reduce(0) { $0 + $1.blobFetched })
            let size = Measures.bytes(image.layers.reduce(0) { $0 + $1.blobSize })
            line +=
                ", \(image.strategy)" + (image.reasons.first.map { " (\($0))" } ?? "") + ", \(fetched) of \(size) here"
        }
        Output.talk(line)
    }
}

/// `key=value`
struct Annotation: ExpressibleByArgument, Equatable {
    var key: String
    var value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        key = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}
