internal import ArgumentParser
internal import Images
internal import OCI
internal import Report

struct IndexInspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what the index that pulls of an image use holds for each layer.")

    @Argument(help: "Image in a registry, or oci:DIRECTORY[:TAG].")
    var image: String

    @OptionGroup var output: FormatOptions
    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let tables = try await CommandError.wrapping("index inspect \(image)") {
            let (origin, reference) = try registry.locate(image)
            return try await IndexInspection(at: origin).inspect(reference)
        }
        try Output.write(try Listing(items: tables).rendered(as: output.format))
    }
}

extension IndexInspection.Table: Listed {
    static var columns: [Table.Column] {
        [
            .left("LAYER"), .left("ZTOC"), .right("SIZE"), .left("COMPRESSION"), .right("BLOB"), .right("CONTENT"),
            .right("SPANS"), .right("ENTRIES"),
        ]
    }

    var row: [String] {
        [
            Measures.shortDigest(layer.description), Measures.shortDigest(digest.description),
            Measures.bytes(UInt64(clamping: size)), compression, Measures.bytes(UInt64(clamping: blobSize)),
            Measures.bytes(UInt64(clamping: contentSize)), "\(spans)", "\(entries)",
        ]
    }
}
