internal import ArgumentParser
internal import Images
internal import OCI
internal import Report
internal import SOCI

struct IndexBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Make a SOCI v1 index of an image.",
        discussion:
            "Streams every layer once and stores none. Layers that are small, or neither gzip nor plain tar, are left out."
    )

    @Argument(help: "Image in a registry, or oci:DIRECTORY[:TAG].")
    var image: String

    @Option(help: "Directory to write the index to, an OCI layout; `index push` reads it.")
    var output = IndexLayoutOptions.standard

    @Option(help: "Bytes of content in a span.")
    var spanSize: Int64 = ZTOCBuilder.defaultSpanSize

    @Option(help: "Layers of fewer compressed bytes get no table of contents.")
    var minLayerSize: Int64 = 10 << 20

    @Flag(help: "Print the result as JSON.")
    var json = false

    @OptionGroup var registry: RegistryOptions

    func validate() throws {
        guard (4096...1 << 30).contains(spanSize) else { throw ValidationError("--span-size: 4096 to 1073741824") }
        guard minLayerSize >= 0 else { throw ValidationError("--min-layer-size: not below 0") }
    }

    func run() async throws {
        let result = try await CommandError.wrapping("index build \(image)") {
            let (origin, reference) = try registry.locate(image)
            let builder = IndexBuilder(options: .init(spanSize: spanSize, smallestLayer: minLayerSize))
            return try await builder.build(reference, at: origin, into: IndexLayout(output)) {
                Output.talk(Self.line($0))
            }
        }
        try Output.write(json ? JSONText.of(result) : "\(result.index)\n")
    }

    static func line(_ outcome: IndexBuilder.LayerOutcome) -> String {
        guard let table = outcome.table else { return "layer \(outcome.layer) left out: \(outcome.skipped ?? "")" }
        return "layer \(outcome.layer) -> zTOC \(table), \(Measures.bytes(UInt64(clamping: outcome.tableSize)))"
    }
}

enum IndexLayoutOptions {
    /// Below the working directory, so that nothing is left where nobody looks.
    static let standard = "imagelet-index"
}
