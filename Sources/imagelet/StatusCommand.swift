internal import ArgumentParser
internal import GRPC

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the daemon and how much of each image is here.",
        discussion: "With an image: its layers, the strategy and the reasons for it.")

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
                let text = try rendered(try await ask(client))
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

    func rendered(_ answer: AdminStatusResponse) throws -> String {
        if output.format == .json { return try JSONText.of(StatusReport(answer)) }
        let report = StatusReport(answer)
        return image == nil ? try report.overview : try report.details
    }
}
