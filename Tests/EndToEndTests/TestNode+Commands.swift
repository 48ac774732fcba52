import Foundation
import TestSupport

/// imagelet's own command, run against the node's daemon.
extension TestNode {
    func run(_ arguments: String...) -> Outcome { run(arguments) }

    func run(_ arguments: [String]) -> Outcome {
        let tool = try? Tool.run(
            [
                "timeout", "600", "env", "IMAGELET_ENDPOINT=unix://\(directory)/cri.sock",
                "IMAGELET_ADMIN=unix://\(directory)/admin.sock",
                "HOME=\(directory)", "DOCKER_CONFIG=\(directory)/docker", Self.binary,
            ] + arguments, in: directory)
        guard let tool else { return Outcome(status: -1, output: "", errors: "cannot be started") }
        return Outcome(
            status: tool.status, output: String(decoding: tool.output, as: UTF8.self), errors: tool.errors)
    }

    struct CommandFailed: Error, CustomStringConvertible { var description: String }

    @discardableResult
    func check(_ arguments: String...) throws -> String {
        let outcome = run(arguments)
        guard outcome.status == 0 else {
            throw CommandFailed(
                description:
                    "imagelet \(arguments.joined(separator: " ")): \(outcome.status): \(outcome.errors)\n\(daemon.log)")
        }
        return outcome.output
    }

    /// Gives all layers of an image in a registry tables of contents, with spans short enough for files to be read one by one.
    func index(_ image: String, spanSize: Int = 65536) throws {
        let scratch = try ScratchDirectory()
        let output = scratch.file("index")
        try check("index", "build", image, "--output", output, "--min-layer-size", "0", "--span-size", "\(spanSize)")
        try check("index", "push", image, "--from", output)
    }

    /// Pulls with a strategy asked for.
    @discardableResult
    func pull(_ image: String, _ strategy: String? = nil) throws -> String {
        if let strategy {
            return try check("pull", "--quiet", "--annotation", "imagelet.dev/strategy=\(strategy)", image)
        }
        return try check("pull", "--quiet", image)
    }

    /// Pulls at the node whose files are in `directory`, from any thread.
    /// - Returns: the command's status.
    static func pull(_ image: String, _ directory: String) -> Int32 {
        let tool = try? Tool.run([
            "env", "IMAGELET_ENDPOINT=unix://\(directory)/cri.sock", "IMAGELET_ADMIN=unix://\(directory)/admin.sock",
            binary, "pull", "--quiet", image,
        ])
        return tool?.status ?? -1
    }

    func inspect(_ image: String) throws -> Inspection.Own {
        try JSONDecoder().decode(Inspection.self, from: Data(check("inspect", image).utf8)).info.imagelet
    }
}

struct Status: Decodable {
    struct Daemon: Decodable { var processId: Int32 }
    var daemon: Daemon
}

struct Inspection: Decodable {
    struct Layer: Decodable {
        var digest: String
        var slot: Int
        var state: String
        var blobBytesFetched: Int
        var contentPresent: Int
        var contentSize: Int
        var segmentCount: Int
    }
    struct Reason: Decodable { var code: String }
    struct Own: Decodable {
        var id: String
        var strategy: String
        var reasons: [Reason]
        var layers: [Layer]
    }
    struct Info: Decodable { var imagelet: Own }
    var info: Info
}
