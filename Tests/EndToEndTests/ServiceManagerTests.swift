import Foundation
import Glibc
import Linux
import TestSupport
import Testing

/// The daemon under a service manager, played by the test: notices, watchdog, descriptor store.
@Suite(
    "Under a service manager", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"),
    .timeLimit(.minutes(10)))
struct ServiceManagerTests {
    @Test("The descriptor store brings the mount and the sockets back")
    func store() async throws {
        try await withTestRegistry { registry in
            let scratch = try ScratchDirectory()
            let manager = try ServiceManager(at: scratch.file("notify"))
            defer { manager.end() }
            try await withNode("fill: {enabled: false}", service: manager.service(["WATCHDOG_USEC": "600000"])) {
                node in
                try await manager.wait(for: .ready)
                try await manager.wait(for: .alive)
                #expect(node.keepers == [])
                #expect(manager.names == ["fuse", "fuse-init", "kept-admin", "kept-cri"])

                try TestImage(layers: [.gzip(TestImage.bulk(1 << 20))]).push(to: registry, "kept")
                let image = "\(registry.host)/kept:v1"
                try node.pull(image)
                let root = try node.mount(image)
                // The layer as FUSE serves it, whatever the mount stands on.
                let path = "\(node.store)/\(try node.inspect(image).layers[0].slot)/bulk/file0"
                var file: SharedDescriptor? = SharedDescriptor(
                    OwnedDescriptor(taking: open(path, O_RDONLY | O_CLOEXEC)))
                let before = try #require(try file?.contents(cap: 100_000))
                let device = try Mount.find(at: node.store)?.device

                manager.clearHeard()
                node.crash()
                node.service = manager.service()
                try await node.start()
                try await manager.wait(for: .ready)
                #expect(node.daemon.log.contains("mount resumed"))
                #expect(try Mount.find(at: node.store)?.device == device)
                posix_fadvise(try #require(file).rawValue, 0, 0, POSIX_FADV_DONTNEED)
                let after = try await BlockingThread.run("away") { [file] in try file?.contents(cap: 100_000) }
                #expect(after == before)
                file = nil
                // Nothing is kept twice.
                let stored = manager.heard.filter { if case .store = $0 { true } else { false } }
                #expect(stored == [])

                try await node.unmountWhenFree(root)
                try await node.stop()
                try await manager.wait(for: .remove("kept-admin"))
                #expect(manager.heard.contains(.stopping))
                #expect(manager.names == [])
            }
        }
    }

    @Test("What the store should not have is dropped, and the daemon starts all the same")
    func foreignDescriptors() async throws {
        let scratch = try ScratchDirectory()
        let manager = try ServiceManager(at: scratch.file("notify"))
        defer { manager.end() }
        manager.put([
            "fuse": SharedDescriptor(try OwnedDescriptor(device: "/dev/null")),
            "fuse-init": SharedDescriptor(try MemoryFile.make("x", Array("imagelet fuse session 99\n".utf8))),
            "kept-cri": SharedDescriptor(try MemoryFile.make("y", [])),
            "unheard of": SharedDescriptor(try MemoryFile.make("z", [])),
        ])
        try await withNode(service: manager.service()) { node in
            try await manager.wait(for: .ready)
            #expect(node.daemon.log.contains("cannot be resumed"))
            #expect(manager.names == ["fuse", "fuse-init", "kept-admin", "kept-cri"])
            try node.check("images")
        }
    }

    @Test("A socket unit's socket is served, and its name stays")
    func activation() async throws {
        let scratch = try ScratchDirectory()
        let manager = try ServiceManager(at: scratch.file("notify"))
        defer { manager.end() }
        try await withNode(service: manager.service()) { node in
            try await manager.wait(for: .ready)
            try await node.stop()
            let path = node.directory + "/cri.sock"
            let listener = try UnixListener(path)
            let passed = SharedDescriptor(try listener.duplicate())
            manager.put([:])
            var service = manager.service()
            service.descriptors.append(("cri", passed.rawValue))
            node.service = service
            try await node.start()
            try await manager.wait(for: .ready)
            try node.check("images")
            #expect(manager.names == ["fuse", "fuse-init", "kept-admin"])
            try await node.stop()
            #expect(FileManager.default.fileExists(atPath: path))
        }
    }
}
