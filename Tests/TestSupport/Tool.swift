internal import Foundation
internal import Glibc

/// Runs a program of the machine, for the tests that compare with the real thing.
package struct Tool {
    /// What a program said and how it ended.
    package struct Output: Sendable {
        package let status: Int32
        package let output: [UInt8]
        package let errors: String
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// Runs `arguments[0]`, found by PATH, with the time zone UTC and the C locale.
    ///
    /// Input and output go through files: pipes would need a thread each to never block.
    package static func run(
        _ arguments: [String], in directory: String = "/", input: [UInt8] = []
    ) throws -> Output {
        let scratch = try ScratchDirectory()
        try scratch.write(input, to: "in")
        let descriptors = ["in", "out", "err"].map {
            open(scratch.file($0), ($0 == "in" ? O_RDONLY : O_WRONLY | O_CREAT) | O_CLOEXEC, 0o600)
        }
        defer { for descriptor in descriptors where descriptor >= 0 { close(descriptor) } }
        guard descriptors.allSatisfy({ $0 >= 0 }) else { throw Failure(description: "no files for \(arguments[0])") }
        let program = try Spawn(
            arguments, in: directory,
            environment: ProcessInfo.processInfo.environment.merging(["TZ": "UTC", "LC_ALL": "C"]) { $1 },
            input: descriptors[0], output: descriptors[1], errors: descriptors[2])
        let status = program.wait()
        return Output(
            status: status, output: try scratch.read("out"),
            errors: String(decoding: try scratch.read("err"), as: UTF8.self))
    }

    /// As `run`, but a program that fails is an error; gives what it wrote to its standard output.
    @discardableResult
    package static func check(
        _ arguments: [String], in directory: String = "/", input: [UInt8] = []
    ) throws -> [UInt8] {
        let output = try run(arguments, in: directory, input: input)
        guard output.status == 0 else {
            throw Failure(
                description: "\(arguments.joined(separator: " ")) ended with \(output.status): \(output.errors)")
        }
        return output.output
    }

    /// Whether a program is installed.
    package static func isInstalled(_ name: String) -> Bool {
        (try? run(["sh", "-c", "command -v \(name)"]))?.status == 0
    }
}
