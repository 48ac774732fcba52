import Foundation
import Linux
import Logging
import OCI
import TestSupport
import Testing

@testable import ImageStore

@Suite("Directory of a listing")
struct DirectoryTests {
    private let scratch: ScratchDirectory
    private let directory: StoreDirectory
    private let root: String

    init() throws {
        scratch = try ScratchDirectory()
        root = scratch.file("images")
        directory = StoreDirectory(at: root, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func read(_ name: String) throws -> String {
        String(decoding: try Path.read("\(root)/\(name)", cap: 1 << 20), as: UTF8.self)
    }

    private func link(_ name: String) throws -> String {
        String(decoding: try Path.linkTarget("\(root)/\(name)"), as: UTF8.self)
    }

    /// What the directory has to be for `stack` alone.
    private func expect(_ stack: [StoreLayer]) throws {
        let listing = StoreListing(stack)
        #expect(try Path.read("\(root)/overlay-layers/layers.json", cap: 1 << 20) == listing.document)
        #expect(try read("overlay-images/images.json") == "[]")
        #expect(try Set(Directory.entries(of: "\(root)/overlay")) == Set(stack.map(\.id.hex) + ["l"]))
        #expect(try Set(Directory.entries(of: "\(root)/overlay/l")) == Set(stack.map(\.link)))
        for layer in stack {
            #expect(try link("overlay/\(layer.id.hex)/diff") == layer.content)
            #expect(try read("overlay/\(layer.id.hex)/link") == layer.link)
            #expect(try link("overlay/l/\(layer.link)") == "../\(layer.id.hex)/diff")
            #expect((try? read("overlay/\(layer.id.hex)/lower")) == listing.lower(of: layer))
        }
        #expect(try Directory.entries(of: "\(root)/aside").isEmpty)
    }

    @Test func comesGoesAndChanges() throws {
        let (one, two) = (makeStack(["a", "b", "c"]), makeStack(["a", "d"]))
        try directory.update { StoreListing(one) }
        try expect(one)
        try directory.update { StoreListing(one + two) }
        try expect(one + [two[1]])
        var moved = one
        moved[1].content = "/content/elsewhere"
        try directory.update { StoreListing(moved) }
        try expect(moved)
        try directory.update { StoreListing() }
        try expect([])
    }

    @Test func clientsAreToldOfChangesAndOfNothingElse() throws {
        func token() throws -> String { try read("overlay-layers/layers.lock") }
        let stack = makeStack(["a", "b"])
        try directory.update { StoreListing(stack) }
        let lock = try FileStatus("\(root)/overlay-layers/layers.lock").inode
        let first = try token()
        #expect(first.isEmpty == false && first.utf8.count >= 64)
        try directory.update { StoreListing(stack) }
        #expect(try token() == first)
        try directory.update { StoreListing([stack[0]]) }
        #expect(try token() != first)
        // They keep it open.
        #expect(try FileStatus("\(root)/overlay-layers/layers.lock").inode == lock)
    }

    /// What a crash, a disk or a stranger can leave.
    @Test(arguments: [
        "rm overlay-layers/layers.json", "echo '[{' >overlay-layers/layers.json",
        "echo '[]' >overlay-layers/layers.json",
        "head -c 100000 /dev/urandom >overlay-layers/layers.json", "rm -r overlay/ID", "rm overlay/ID/diff",
        "ln -sfn /elsewhere overlay/ID/diff", "echo x >overlay/ID/link", "rm overlay/ID/lower",
        "rm overlay/l/*", "ln -s ../x/diff overlay/l/FOREIGN", "mkdir overlay/foreign", "mkdir -p aside/ID/diff",
        "rm -r overlay/ID; touch overlay/ID", "rm -r overlay/l", "rm -r *", "echo '[{}]' >overlay-images/images.json",
        "mv overlay-layers/layers.json overlay-layers/layers.json.new", "rm overlay-layers/layers.lock",
    ])
    func isMadeWholeAgain(harm: String) throws {
        let stack = makeStack(["a", "b"])
        try directory.update { StoreListing(stack) }
        try Tool.check(["sh", "-c", harm.replacingOccurrences(of: "ID", with: stack[1].id.hex)], in: root)
        let next = StoreDirectory(at: root, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try next.update { StoreListing(stack) }
        try expect(stack)
    }

    /// Of a client that unpacked into our directory: its images need it.
    @Test func whatAClientUnpackedIsItsOwn() throws {
        let stack = makeStack(["a", "b"])
        let own = "\(root)/overlay/\(stack[1].id.hex)"
        try directory.update { StoreListing(stack) }
        try Tool.check(["sh", "-c", "rm -r \(own); mkdir -p \(own)/diff; echo theirs >\(own)/diff/file"])
        try directory.update { StoreListing(stack) }
        try directory.update { StoreListing() }
        #expect(try read("overlay/\(stack[1].id.hex)/diff/file") == "theirs\n")
        #expect(try link("overlay/l/\(stack[1].link)") == "../\(stack[1].id.hex)/diff")
        // It removes the layer, as it would one of its own.
        try Tool.check(["rm", "-r", own])
        try directory.update { StoreListing(stack) }
        try expect(stack)
    }

    @Test func nothingChangesWhileAClientReads() async throws {
        let stack = makeStack(["a"])
        try directory.update { StoreListing() }
        let reader = try File("\(root)/overlay-layers/layers.lock", .readWrite)
        // A client's lock: the same kind, of another open file.
        let (begun, begin) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Void>.makeStream()
        async let reading: Void = BlockingThread.run("reader") {
            try reader.withRecordLock { () throws -> Void in
                begin.finish()
                defer { end.finish() }
                // The layer stands ready: what is left to do needs the lock.
                let deadline = ContinuousClock.now + .seconds(60)
                while try !Path.exists("\(root)/aside/\(stack[0].id.hex)/link") {
                    try #require(ContinuousClock.now < deadline, "the writer does not come")
                    sched_yield()
                }
                #expect(try Path.read("\(root)/overlay-layers/layers.json", cap: 100) == Array("[]".utf8))
                #expect(try Directory.entries(of: "\(root)/overlay") == ["l"])
            }
        }
        for await _ in begun {}
        try await BlockingThread.run("writer") { try directory.update { StoreListing(stack) } }
        for await _ in ended {}
        try await reading
        try expect(stack)
    }
}
