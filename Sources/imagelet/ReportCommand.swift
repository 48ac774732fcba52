internal import ArgumentParser
internal import Foundation
internal import Report

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Draw how the start of an image went.",
        discussion: """
            Writes one page: a waterfall of the pull and of the reads that waited, bytes over time by whom they came for, layers as fetched, \
            read and never read, and the files that made readers wait. It needs no network and runs no script.
            """)

    @Argument(help: "Name or id of an image.")
    var image: String

    @Option(help: ArgumentHelp("Where to write the page; '-' is standard output.", valueName: "file"))
    var html: String

    @OptionGroup var service: AdminOptions

    func run() async throws {
        let report = try await service.calling("report \(image)") { client in
            try await HistoryAnswer.ofImage(image, client)
        }
        guard let page = ReportPage(report) else {
            throw CommandError(
                .notFound,
                """
                report \(image): no pull of it is remembered; 'imagelet images' lists what is here, 'imagelet status IMAGE' tells how much of it
                """)
        }
        if html == "-" { return try Output.write(page.text) }
        do {
            try Data(page.text.utf8).write(to: URL(fileURLWithPath: html), options: .atomic)
        } catch {
            throw CommandError(.failure, "report \(image): cannot write \(html): \(error.localizedDescription)")
        }
    }
}
