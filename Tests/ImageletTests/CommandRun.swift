import Foundation
import GRPC
import Linux

/// What a run of the binary left behind.
struct CommandRun: Sendable {
    var status: Int32
    var output: String
    var talk: String

    /// Runs the binary that was built beside this test, against the sockets in `directory`.
    /// - Parameter surroundings: a command that runs the command given after its own arguments.
    init(
        _ arguments: [String], directory: String, environment: [String: String] = [:], in surroundings: [String] = []
    ) async throws {
        let process = Process()
        let tests = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = surroundings + [tests.appendingPathComponent("imagelet").path] + arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging([
                "IMAGELET_ENDPOINT": "unix://\(directory)/cri.sock", "IMAGELET_ADMIN": "unix://\(directory)/admin.sock",
            ]) { $1 }
            .merging(environment) { $1 }
        let (output, talk) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = talk
        status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        self.output = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        self.talk = String(decoding: try talk.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
}

/// A played daemon on both sockets while `body` runs, in a directory that is gone afterwards.
func withPlayedDaemon(_ body: (PlayedDaemon) async throws -> Void) async throws {
    let directory = "/tmp/imagelet-command-\(UInt64.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let daemon = try PlayedDaemon(directory: directory)
    let cri = RPCServer(listener: try UnixListener("\(directory)/cri.sock"), services: [.images(daemon)])
    let admin = RPCServer(listener: try UnixListener("\(directory)/admin.sock"), services: [.admin(daemon)])
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await cri.run() }
        group.addTask { try await admin.run() }
        try await body(daemon)
        group.cancelAll()
        try await group.waitForAll()
    }
}
