internal import Foundation

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
        for name in ["out", "err"] { try scratch.write([], to: name) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ProcessInfo.processInfo.environment.merging(["TZ": "UTC", "LC_ALL": "C"]) { $1 }
        process.standardInput = FileHandle(forReadingAtPath: scratch.file("in"))
        process.standardOutput = FileHandle(forWritingAtPath: scratch.file("out"))
        process.standardError = FileHandle(forWritingAtPath: scratch.file("err"))
        try process.run()
        process.waitUntilExit()
        return Output(
            status: process.terminationStatus, output: try scratch.read("out"),
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
