internal import ArgumentParser
internal import GRPC
internal import Report

struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Free what nobody on this node needs.",
        discussion: """
            Layers that no image, mount, snapshot or listing has, tables of contents of layers that are gone, directories nobody knows, and what is \
            beyond the cache's budget. What is in use, or can't be had again, stays.
            """)

    @Flag(help: "Only tell what would go.")
    var dryRun = false

    @OptionGroup var output: FormatOptions
    @OptionGroup var service: AdminOptions

    func run() async throws {
        try await service.calling("collect garbage") { client in
            var request = AdminCollectGarbageRequest()
            request.dryRun = dryRun
            try Output.write(try rendered(try await client.collectGarbage(request)))
        }
    }

    func rendered(_ answer: AdminCollectGarbageResponse) throws -> String {
        let items = answer.garbage.map { GarbageReport($0) }
        if output.format == .json { return try Listing(items: items).rendered(as: .json) }
        guard !items.isEmpty else { return "nothing to free\n" }
        let bytes = Measures.bytes(items.reduce(0) { $0 + $1.bytes })
        return try Listing(items: items).rendered(as: .table) + (dryRun ? "would free \(bytes)\n" : "freed \(bytes)\n")
    }
}

/// Something that was freed, or would be.
struct GarbageReport: Listed {
    var kind: String
    var name: String
    var bytes: UInt64
    var reason: String

    init(_ garbage: AdminGarbage) {
        kind = garbage.kind
        name = garbage.name
        bytes = garbage.bytes
        reason = garbage.reason
    }

    static let columns: [Table.Column] = [.left("KIND"), .right("SIZE"), .left("NAME"), .left("WHY")]
    var row: [String] { [kind, Measures.bytes(bytes), name, reason] }
}
