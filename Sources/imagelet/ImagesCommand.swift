internal import ArgumentParser
internal import GRPC

struct ImagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "images", abstract: "List the images of this node.")

    @Argument(help: "Only the image of this name or id.")
    var name: String?

    @Flag(help: "Show digests, too.")
    var digests = false

    @Flag(name: .shortAndLong, help: "Print ids only.")
    var quiet = false

    @OptionGroup var output: FormatOptions
    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let images = try await service.calling("list images") { client in
            var request = CRIListImagesRequest()
            request.filter.image.image = name ?? ""
            return try await client.listImages(request).images.map { ListedImage($0) }
        }
        try Output.write(try rendered(images))
    }

    func rendered(_ images: [ListedImage]) throws -> String {
        let images = images.sorted { ($0.repoTags.first ?? "~", $0.id) < ($1.repoTags.first ?? "~", $1.id) }
        if quiet { return images.map { $0.id + "\n" }.joined() }
        if output.format == .json { return try JSONText.of(images) }
        return digests
            ? try Listing(items: images.flatMap { $0.names(ListedNameWithDigest.init) }).rendered(as: .table)
            : try Listing(items: images.flatMap { $0.names(ListedName.init) }).rendered(as: .table)
    }
}
