internal import ArgumentParser
internal import GRPC
internal import OCI

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Print everything known about an image, as JSON.",
        discussion: "Its strategy, the reasons and how much of each layer is here stand under info.imagelet.")

    @Argument(help: "Name or id of the image.")
    var image: String

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        let answer = try await service.calling("inspect \(image)") { client in
            var request = CRIImageStatusRequest()
            request.image.image = image
            request.verbose = true
            return try await client.imageStatus(request)
        }
        guard answer.hasImage else { throw CommandError(.notFound, absenceOf: image) }
        try Output.write(try JSONText.of(Inspection(answer)))
    }
}

/// What `inspect` prints: the documents of the verbose answer are JSON themselves.
struct Inspection: Encodable {
    var status: ListedImage
    var info: [String: JSONValue]

    init(_ answer: CRIImageStatusResponse) {
        status = ListedImage(answer.image)
        info = answer.info.mapValues { JSONValue(parsing: $0) ?? .string($0) }
    }
}

extension CommandError {
    init(_ status: ExitStatus, absenceOf image: String) {
        self.init(status, "\(image): not on this node; 'imagelet images' lists what is, 'imagelet pull' gets it")
    }
}
