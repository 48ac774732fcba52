import LayerFS
import Layers
import Linux
import TestSupport
import Testing

/// Layers come and go below one mount.
@Suite(.enabled(if: canMount, mountReason), .timeLimit(.minutes(1)))
struct SlotTests {
    private let scratch: ScratchDirectory
    private let layer: CompleteLayer

    init() throws {
        scratch = try ScratchDirectory()
        var maker = LayerMaker()
        maker.directory("etc")
        maker.file("etc/motd", "hello\n")
        maker.hardlink("etc/same", to: "etc/motd")
        layer = try CompleteLayer(tar: try scratch.write(maker.finished(), to: "layer.tar"))
    }

    private func away<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await BlockingThread.run("reader", body)
    }

    @Test func newSlotIsThereAtOnceAndAGoneOneIsGone() async throws {
        let layers = TestLayers([3: layer])
        try await withStore(layers) { store in
            let missing = try await away { try Path.exists(store.directory(ofSlot: 12)) }
            #expect(!missing)
            layers.set(layer, at: 12)
            let text = try await away { try Path.read(store.directory(ofSlot: 12) + "/etc/motd", cap: 10) }
            #expect(text == Array("hello\n".utf8))
            store.slotsChanged()
            let listed = try await away { try Directory.entries(of: store.path) }
            #expect(listed == ["12", "3"])

            let held = try await away { try OwnedDescriptor(naming: store.directory(ofSlot: 3)).take() }
            let keeper = OwnedDescriptor(taking: held)
            layers.set(nil, at: 3)
            store.slotsChanged(removed: [3])
            let left = try await away { try Directory.entries(of: store.path) }
            #expect(left == ["12"])
            let error = await #expect(throws: LinuxError.self) {
                try await away { try FileStatus("/proc/self/fd/\(held)/other") }
            }
            #expect(error?.errno == .stale)
            _ = consume keeper
        }
    }

    @Test(arguments: ["0", "03", "+3", "3 ", "x", "4294967299", "99999999999999999999"])
    func onlyTheDecimalNameFindsASlot(name: String) async throws {
        try await withStore(TestLayers([3: layer])) { store in
            let isThere = try await away { try Path.exists(store.path + "/" + name) }
            #expect(!isThere)
        }
    }

    @Test func inodesAreSlotAndNodeSoThatTheyOutliveADaemon() async throws {
        var seen: [[UInt64]] = []
        for _ in 0..<2 {
            try await withStore(TestLayers([3: layer, 4: layer])) { store in
                let inodes = try await away {
                    try ["3", "3/etc/motd", "3/etc/same", "4/etc/motd"].map {
                        try FileStatus(store.path + "/" + $0).inode
                    }
                }
                seen.append(inodes)
            }
        }
        #expect(seen[0] == seen[1])
        #expect(seen[0][0] == 3 << 32)
        #expect(seen[0][1] == seen[0][2])
        #expect(seen[0][3] == seen[0][1] + 1 << 32)
    }

    @Test func statfsIsOfTheBackingDisk() async throws {
        try await withStore(TestLayers([3: layer])) { store in
            let volume = try await away { try VolumeStatistics(of: store.directory(ofSlot: 3)) }
            let disk = try VolumeStatistics(of: "/")
            #expect(volume.blocks == disk.blocks && volume.inodes == disk.inodes)
            #expect(volume.blockSize == disk.blockSize)
        }
    }
}
