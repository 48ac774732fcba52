internal import ArgumentParser
internal import ImageletDaemon
internal import Images
internal import OCI
internal import Policy

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what would be done with an image, and why, without pulling it.",
        discussion: "Asks the registry what a pull on a fresh node would ask. Needs no daemon.")

    @Argument(help: "Image in a registry, or oci:DIRECTORY[:TAG].")
    var image: String

    @Option(help: "The strategy a pod would ask for by \(Facts.strategyAnnotation).")
    var strategy: String?

    @OptionGroup var output: FormatOptions
    @OptionGroup var registry: RegistryOptions

    func run() async throws {
        let explanation = try await CommandError.wrapping("explain \(image)") {
            let (origin, reference) = try registry.locate(image)
            let explainer = Explainer(options: try registry.file.load().pullOptions)
            return try await explainer.explain(reference.description, at: origin, annotation: strategy)
        }
        try Output.write(try output.format == .json ? JSONText.of(explanation) : Self.text(explanation))
    }

    static func text(_ explanation: Explanation) -> String {
        var lines = [
            "image     \(explanation.image)",
            "manifest  \(explanation.digest)",
            "size      \(Measures.bytes(UInt64(clamping: explanation.compressedSize))) compressed, \(explanation.facts.layers.count) layers",
            "strategy  \(explanation.decision.strategy.rawValue)",
        ]
        for (number, reason) in explanation.decision.reasons.enumerated() {
            lines.append("\(number == 0 ? "because" : "note   ")   \(reason.code.rawValue): \(reason.text)")
        }
        let actions = explanation.decision.layers.map(\.action.rawValue)
        let rows = zip(explanation.facts.layers, actions).map { layer, action in
            [layer.digest.description, Measures.bytes(UInt64(clamping: layer.compressedSize)), action]
        }
        let table = Table(columns: [.left("LAYER"), .right("SIZE"), .left("PLAN")], rows: rows)
        return lines.map { $0 + "\n" }.joined() + (rows.isEmpty ? "" : "\n" + table.text)
    }
}
