import Foundation
import OCI
import State
import Testing

@Suite("A full disk", .timeLimit(.minutes(5)), .enabled(if: getuid() == 0, "mounting a tmpfs needs root"))
struct DiskFullTests {
    @discardableResult
    private func run(_ command: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test("changes fail clearly and leave nothing; what is there is read on; with space all goes on")
    func full() throws {
        try withDirectory { directory in
            let disk = directory + "/disk"
            try run("mkdir '\(disk)' && mount -t tmpfs -o size=1m imagelet-test '\(disk)'")
            defer { _ = try? run("umount -l '\(disk)'") }
            let database = try StateDatabase(path: disk + "/state.db")
            defer { try? database.close() }
            try database.pull("first")
            try run("dd if=/dev/zero of='\(disk)/filler' bs=4k")
            var pulled: [String] = []
            var failure: StateError?
            // The log has room for some more.
            for number in 0..<2000 where failure == nil {
                do {
                    try database.pull("more\(number)", tags: ["x/more:\(number)"])
                    pulled.append("x/more:\(number)")
                } catch {
                    failure = error as? StateError
                }
            }
            #expect(failure?.code == .diskFull)
            #expect(failure?.message.contains("no space") == true)
            #expect(try database.images().count == pulled.count + 1, "nothing of the one that failed")
            try run("rm '\(disk)/filler'")
            try database.pull("last", tags: ["x/last:1"])
            #expect(try database.image(named: "x/last:1") != nil)
            for name in pulled { #expect(try database.image(named: name) != nil) }
        }
    }
}
