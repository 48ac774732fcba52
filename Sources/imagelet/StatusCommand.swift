internal import ArgumentParser
internal import GRPC
internal import History

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the daemon and how much of each image is here.",
        discussion:
            "With an image: its layers, the strategy and the reasons for it, and what is remembered of its last pulls.")

    @Argument(help: "Name or id of an image.")
    var image: String?

    @Flag(help: "Show it again every second, until interrupted.")
    var watch = false

    @OptionGroup var output: FormatOptions
    @OptionGroup var service: AdminOptions

    func run() async throws {
        try await service.calling("get the status") { client in
            var screen = Redraw()
            while true {
                let text = try rendered(try await ask(client), try await remembered(client))
                guard watch else { return try Output.write(text) }
                if Output.writesToTerminal, output.format == .table {
                    try Output.write(
                        screen.frame(
                            text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)))
                } else {
                    try Output.write(text)
                }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func ask(_ client: RPCClient) async throws -> AdminStatusResponse {
        var request = AdminStatusRequest()
        request.image = image ?? ""
        let answer = try await client.status(request)
        if let image, answer.images.isEmpty { throw CommandError(.notFound, absenceOf: image) }
        return answer
    }

    /// Of the image that is asked for.
    private func remembered(_ client: RPCClient) async throws -> HistoryReport? {
        guard let image else { return nil }
        do {
            return try await HistoryAnswer.ofImage(image, client)
        } catch let failure as RPCFailure where failure.code == .unimplemented {
            // A daemon from before an upgrade.
            return nil
        }
    }

    func rendered(_ answer: AdminStatusResponse, _ history: HistoryReport? = nil) throws -> String {
        var report = StatusReport(answer)
        report.history = history
        if output.format == .json { return try JSONText.of(report) }
        return image == nil ? try report.overview : try report.details
    }
}
