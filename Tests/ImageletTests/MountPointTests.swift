import Foundation
import Testing

@testable import imagelet

@Suite("Directories people name")
struct MountPointTests {
    @Test("are absolute and without symlinks, whatever they are called")
    func resolution() throws {
        let base = "/tmp/imagelet-mountpoint-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: "\(base)/a/b", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: base) }
        try FileManager.default.createSymbolicLink(atPath: "\(base)/link", withDestinationPath: "a/b")
        for name in ["a/b", "a/b/", "a/b/.", "a/./b", "a/../a/b", "a/b/../b", "link", "link/", "link/../b"] {
            #expect(try MountPoint.resolve("\(base)/\(name)") == "\(base)/a/b", "\(name)")
        }
        #expect(try MountPoint.resolve("/") == "/")
        #expect(try MountPoint.resolve(".") == FileManager.default.currentDirectoryPath)
        #expect(try MountPoint.resolve("") == FileManager.default.currentDirectoryPath)
    }

    @Test("must exist and be directories", arguments: ["/nonexistent", "/etc/hostname", "/etc/hostname/x"])
    func refused(name: String) {
        let error = #expect(throws: CommandError.self) { try MountPoint.resolve(name) }
        #expect(error?.status == .notFound)
        #expect(error?.message.hasPrefix("\(name): ") == true)
    }
}
