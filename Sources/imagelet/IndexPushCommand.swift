internal import ArgumentParser
internal import Images
internal import OCI

struct IndexPushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Push an image's index to the image's repository.")

    @Argument(help: "Image in a registry.")
    var image: String

    @Option(help: "Directory that `index build` wrote.")
    var from = IndexLayoutOptions.standard

    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let digest = try await CommandError.wrapping("index push \(image)") {
            let pusher = IndexPusher(try registry.client(), credentials: registry.credentials)
            return try await pusher.push(try Reference(image).withDefaultTag, from: IndexLayout(from))
        }
        try Output.write("\(digest)\n")
    }
}
