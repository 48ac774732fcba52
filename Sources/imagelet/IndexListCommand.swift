internal import ArgumentParser
internal import Images
internal import OCI
internal import Policy
internal import Report

struct IndexListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the indexes of an image; the one that pulls use comes first.")

    @Argument(help: "Image in a registry, or oci:DIRECTORY[:TAG].")
    var image: String

    @OptionGroup var output: FormatOptions
    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let indexes = try await CommandError.wrapping("index list \(image)") {
            let (origin, reference) = try registry.locate(image)
            return try await IndexInspection(at: origin).list(reference)
        }
        try Output.write(try Listing(items: indexes).rendered(as: output.format))
    }
}

extension IndexInspection.Listed: Listed {
    static var columns: [Table.Column] {
        [.left("DIGEST"), .left("VERSION"), .right("LAYERS"), .right("SIZE"), .left("USED"), .left("BUILD TOOL")]
    }

    var row: [String] {
        [
            digest.description, version.rawValue, "\(coveredLayers)/\(layers)", Measures.bytes(UInt64(clamping: size)),
            isUsed ? "yes" : "no", buildTool ?? "",
        ]
    }
}
