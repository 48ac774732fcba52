internal import ArgumentParser
internal import Config
internal import Doctor
internal import ImageletDaemon
internal import Images
internal import Node
internal import OCI

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at this node and say what is wrong and what to do about it.",
        discussion: """
            Each line is one check: what was looked at, what was found, what to do. Ends with status 1 if something does not work; \
            warnings and notes do not count. Run it as root.
            """)

    @Option(
        help: ArgumentHelp("Also ask the registry of this image: access, ranges, referrers, index.", valueName: "image")
    )
    var registry: String?

    @Flag(help: "Write again what 'node install' wrote and somebody put back.")
    var fix = false

    @OptionGroup var output: FormatOptions
    @OptionGroup var options: RegistryOptions

    func run() async throws {
        let configuration = try options.file.load()
        if fix { try repair(configuration) }
        var facts: RegistryFacts?
        if let registry { facts = await self.facts(of: registry, configuration) }
        let node = Surroundings(
            host: ThisMachine(), services: LiveServices(sockets: configuration.sockets, runtime: configuration.runtime),
            configuration: configuration)
        let findings = await Examination(registry: facts).run(node)
        try Output.write(output.format == .json ? JSONText.of(findings) : DoctorReport(findings).text)
        let bad = findings.count { $0.verdict == .bad }
        guard bad == 0 else {
            throw CommandError(
                .failure, "doctor: \(bad) of \(findings.count) checks found something that does not work")
        }
    }

    /// Carries the installation on record out again.
    private func repair(_ configuration: ImageletConfiguration) throws {
        let root = NodeRoot()
        do {
            guard let record = try InstallRecord.load(from: root) else { return }
            let plan = try InstallPlan(for: record.wish, in: root, configuration, record: record)
            for change in try Installation(in: root).install(plan, over: record) {
                Output.talk("written again: \(change.path)")
            }
        } catch {
            throw CommandError(.refused, "doctor --fix: \(error)")
        }
    }

    private func facts(of image: String, _ configuration: ImageletConfiguration) async -> RegistryFacts {
        var facts = RegistryFacts(image: image)
        do {
            let (origin, reference) = try options.locate(image)
            let explainer = Explainer(options: configuration.pullOptions)
            facts.take(try await explainer.survey(reference.description, at: origin))
        } catch {
            facts.failure = ImageError(describing: error).message
        }
        return facts
    }
}

/// Findings for people.
struct DoctorReport {
    let findings: [Finding]

    init(_ findings: [Finding]) { self.findings = findings }

    /// One block each: the verdict and the check, what was found where, and indented what to do.
    var text: String {
        let width = Finding.Verdict.allCases.map(\.rawValue.count).max() ?? 0
        let indentation = String(repeating: " ", count: width + 2)
        return findings.map { finding in
            let padding = String(repeating: " ", count: width - finding.verdict.rawValue.count)
            var text = "\(finding.verdict.rawValue)\(padding)  \(finding.check): \(finding.found)\n"
            if finding.verdict != .good { text += "\(indentation)looked at \(finding.lookedAt)\n" }
            if !finding.advice.isEmpty { text += "\(indentation)→ \(finding.advice)\n" }
            return text
        }.joined()
    }
}
