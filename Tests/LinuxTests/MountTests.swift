import Foundation
import Linux
import TestSupport
import Testing

@Suite(.enabled(if: geteuid() == 0, "mounting needs root"))
struct MountTests {
    @Test(arguments: ["plain", "two words", "tab\there", "line\nbreak", "back\\slash"])
    func findsMountsByTheirTrueName(name: String) throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.makeDirectory(name)
        #expect(try Mount.find(at: path) == nil)
        try Mount.mount(source: "some source", target: path, type: "tmpfs", flags: .readOnly, options: "size=64k")
        defer { _ = try? Mount.unmount(path, lazily: true) }
        let mount = try #require(try Mount.find(at: path))
        #expect(mount.type == "tmpfs" && mount.source == "some source")
        #expect(mount.options.contains("ro") && mount.fileSystemOptions.contains("size=64k"))
        #expect(mount.device.hasPrefix("0:"))
        #expect(try Mount.find(at: path + "/below") == nil)
        #expect(try Mount.unmount(path))
        #expect(try !Mount.unmount(path))
        #expect(try Mount.find(at: path) == nil)
    }

    @Test func busyMountGoesOnlyLazily() throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.makeDirectory("m")
        try Mount.mount(source: "none", target: path, type: "tmpfs")
        let file = try File(path + "/f", .createExclusive)
        let error = #expect(throws: LinuxError.self) { try Mount.unmount(path) }
        #expect(error?.errno == .busy)
        #expect(try Mount.unmount(path, lazily: true))
        #expect(try Mount.find(at: path) == nil)
        try file.write([1], at: 0)
    }

    @Test func extendedAttributesAreThoseOfAttr() throws {
        let scratch = try ScratchDirectory()
        let path = try scratch.write([], to: "f")
        try ExtendedAttributes.set([0, 255, 10], of: "trusted.bytes", at: path)
        try Tool.check(["setfattr", "-n", "user.text", "-v", "hello", path])
        #expect(try ExtendedAttributes.names(of: path) == ["trusted.bytes", "user.text"].map { Array($0.utf8) })
        #expect(try ExtendedAttributes.value(of: "trusted.bytes", at: path) == [0, 255, 10])
        #expect(try ExtendedAttributes.value(of: "user.text", at: path) == Array("hello".utf8))
        #expect(try ExtendedAttributes.value(of: "user.none", at: path) == nil)
        let error = #expect(throws: LinuxError.self) { try ExtendedAttributes.names(of: path + "x") }
        #expect(error?.errno == .noEntry)
    }
}
