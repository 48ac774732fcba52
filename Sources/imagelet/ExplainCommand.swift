internal import ArgumentParser
internal import ImageletDaemon
internal import Images
internal import OCI
internal import Policy
internal import Report

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what would be done with an image, and why; or what became of a pod.",
        discussion: """
            Of an image it asks the registry what a pull on a fresh node would ask, and pulls nothing; that needs no daemon. With --pod it asks \
            the daemon what it remembers: strategy and reasons at the time, bytes by whom they were fetched for, how long readers waited, \
            and for which files.
            """)

    @Argument(help: "Image in a registry, or oci:DIRECTORY[:TAG].")
    var image: String?

    @Option(help: ArgumentHelp("Uid or name of a pod that was started on this node.", valueName: "uid|name"))
    var pod: String?

    @Option(name: .shortAndLong, help: "The pod's namespace, if several have pods of that name.")
    var namespace: String?

    @Option(help: "The strategy a pod would ask for by \(Facts.strategyAnnotation).")
    var strategy: String?

    @OptionGroup var output: FormatOptions
    @OptionGroup var registry: RegistryOptions
    @OptionGroup var service: AdminOptions

    func validate() throws {
        if (image == nil) == (pod == nil) { throw ValidationError("Name an image, or a pod with --pod.") }
        if pod == nil, namespace != nil { throw ValidationError("--namespace goes with --pod.") }
        if pod != nil, strategy != nil { throw ValidationError("--strategy goes with an image.") }
    }

    func run() async throws {
        if let pod { return try await explain(pod: pod) }
        guard let image else { return }
        let explanation = try await CommandError.wrapping("explain \(image)") {
            let (origin, reference) = try registry.locate(image)
            let explainer = Explainer(options: try registry.file.load().pullOptions)
            return try await explainer.explain(reference.description, at: origin, annotation: strategy)
        }
        try Output.write(try output.format == .json ? JSONText.of(explanation) : Self.text(explanation))
    }

    private func explain(pod: String) async throws {
        let report = try await service.calling("explain pod \(pod)") { client in
            try await HistoryAnswer.ofPod(pod, namespace: namespace, client)
        }
        if output.format == .json { return try Output.write(JSONText.of(report)) }
        let text = HistoryText(report: report)
        try Output.write(text.pods(called: pod) ?? text.pulls)
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
