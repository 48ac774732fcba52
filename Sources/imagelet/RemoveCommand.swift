internal import ArgumentParser
internal import GRPC

struct RemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove images with all their names and data.",
        discussion: "Prints the ids of the images that are gone. Data shared with other images stays.")

    @Argument(help: "Names or ids of the images.")
    var images: [String]

    @OptionGroup var service: ServiceOptions

    func run() async throws {
        var failures: [CommandError] = []
        for image in images {
            do {
                try Output.write(try await remove(image) + "\n")
            } catch let error as CommandError {
                failures.append(error)
            }
        }
        guard let last = failures.popLast() else { return }
        for failure in failures { Output.talk("imagelet: \(failure)") }
        throw last
    }

    /// - Returns: the id of the image.
    private func remove(_ image: String) async throws -> String {
        try await service.calling("remove \(image)") { client in
            var status = CRIImageStatusRequest()
            status.image.image = image
            let answer = try await client.imageStatus(status)
            guard answer.hasImage else { throw CommandError(.notFound, absenceOf: image) }
            var request = CRIRemoveImageRequest()
            // By id: CRI-O would take a tag for the wish to remove only that (specs/cri-image-service.md 4).
            request.image.image = answer.image.id
            _ = try await client.removeImage(request)
            return answer.image.id
        }
    }
}
