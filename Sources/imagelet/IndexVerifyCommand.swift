internal import ArgumentParser
internal import Images
internal import OCI
internal import Report

struct IndexVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check an image's index against its layers.",
        discussion: "Reads every indexed layer whole. Ends with status 1 if anything is wrong.")

    @Argument(help: "Image in a registry, or oci:DIRECTORY[:TAG].")
    var image: String

    @OptionGroup var output: FormatOptions
    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let verdicts = try await CommandError.wrapping("index verify \(image)") {
            let (origin, reference) = try registry.locate(image)
            return try await IndexVerifier(at: origin).verify(reference)
        }
        try Output.write(try Listing(items: verdicts).rendered(as: output.format))
        let wrong = verdicts.filter { !$0.faults.isEmpty }
        guard wrong.isEmpty else {
            throw CommandError(
                .failure,
                "index verify \(image): the index of \(wrong.count) of \(verdicts.count) layers is wrong; build and push it again"
            )
        }
    }
}

extension IndexVerifier.Verdict: Listed {
    static var columns: [Table.Column] { [.left("LAYER"), .left("ZTOC"), .left("VERDICT")] }

    var row: [String] {
        let verdict = faults.isEmpty ? (isIdentical ? "right, byte for byte" : "right") : faults.joined(separator: "; ")
        return [layer.description, Measures.shortDigest(table.description), verdict]
    }
}
