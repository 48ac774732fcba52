import Foundation
import LayerFormat
import OCI
import Synchronization
import Testing

@testable import Layers

/// On a file system of a few megabytes, which only root can mount.
@Suite(.timeLimit(.minutes(5)), .enabled(if: getuid() == 0, "mounting a tmpfs needs root"))
struct DiskFullTests {
    private static let large = Task { try await MadeLayer(sizes: [2_000_000, 1_500_000], spanSize: 256 << 10) }

    private func onSmallDisk(_ size: String, _ body: (String) async throws -> Void) async throws {
        try await withDirectory { directory in
            let path = directory + "/disk"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try tool("mount", "-t", "tmpfs", "-o", "size=\(size)", "imagelet-test", path)
            do {
                try await body(path)
            } catch {
                try tool("umount", "-l", path)
                throw error
            }
            try tool("umount", "-l", path)
        }
    }

    @Test(arguments: [Int64(32 << 20), 400_000])
    func readersAreAnsweredAndTheFillGoesOnWhenThereIsSpace(_ heldBytes: Int64) async throws {
        let made = try await Self.large.value
        let size = try made.table.contentSize
        try await onSmallDisk("2m") { path in
            let store = made.store(path) { ($0.heldBytes, $0.maxReadAhead) = (heldBytes, 0) }
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                for start in stride(from: 0, to: size, by: 100_000) {
                    try await made.expects(layer, start..<min(size, start + 100_000))
                }
                store.startFill(made.description.blob)
                var events = store.events.makeAsyncIterator()
                guard case .stalled(made.description.blob, let why) = await events.next() else {
                    Issue.record("not stalled")
                    return
                }
                #expect(why.contains("disk is full"))
                #expect(layer.progress.trouble?.contains("disk is full") == true)
                try await made.expects(layer, 0..<1000)
                let full = try #require(store.fullDisk)
                #expect(full.message.contains(made.description.blob.description))
                try tool("mount", "-o", "remount,size=32m", path)
                try await eventually { layer.progress.state == .complete }
                #expect(store.fullDisk == nil)
                #expect(layer.progress.isVerified && layer.progress.trouble == nil)
                #expect(try layer.local(0..<size)?.elementsEqual(made.tar[..<Int(size)]) == true)
            }
        }
    }

    @Test func aPrefetchFailsCleanly() async throws {
        let made = try await Self.large.value
        try await onSmallDisk("2m") { path in
            let store = made.store(path)
            try await running(store) {
                let error = await #expect(throws: LayerError.self) {
                    try await store.prefetch(made.description, source: made.source)
                }
                #expect(error?.code == .diskFull)
                let left = try FileManager.default.contentsOfDirectory(atPath: path + "/layers")
                #expect(left.isEmpty)
                try tool("mount", "-o", "remount,size=32m", path)
                let layer = try await store.prefetch(made.description, source: made.source)
                try await made.expects(layer, 0..<made.table.contentSize)
            }
        }
    }

    /// The kubelet evicts pods below its threshold: a layer that would take the volume there ends before, and keeps nothing.
    @Test func aPrefetchKeepsToTheReserve() async throws {
        let made = try await Self.large.value
        try await onSmallDisk("32m") { path in
            let store = made.store(path) { $0.reserve = .bytes(1 << 40) }
            try await running(store) {
                let room = try store.room()
                #expect(room < 0)
                let error = await #expect(throws: LayerError.self) {
                    try await store.prefetch(made.description, source: made.source)
                }
                #expect(error?.code == .diskFull && error?.message.contains("cache.evictionThreshold") == true)
                #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/layers").isEmpty)
            }
        }
    }

    /// With a journal that cannot grow, segments still leave: what they free lets the rest leave, too.
    @Test func aFullDiskIsEvicted() async throws {
        let made = try await Self.large.value
        let size = try made.table.contentSize
        try await onSmallDisk("5m") { path in
            let store = made.store(path) { ($0.evictionGrace, $0.maxReadAhead) = (0, 0) }
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                try await eventually { layer.state.withLock { $0.isRecorded && $0.recordings == 0 } }
                #expect(throws: (any Error).self) {
                    try write([UInt8](repeating: 1, count: 5 << 20), path + "/filler")
                }
                #expect(await store.evict(.max) == size)
                try await made.expects(layer, 0..<100_000)
            }
        }
    }

    @Test func onAFullDiskNoLayerIsMade() async throws {
        let made = try await Self.large.value
        try await onSmallDisk("5m") { path in
            let store = made.store(path)
            let table = path + "/table"
            try write(made.tableOfContents, table)
            #expect(throws: (any Error).self) {
                try write([UInt8](repeating: 1, count: 5 << 20), path + "/filler")
            }
            try await running(store) {
                let error = await #expect(throws: LayerError.self) {
                    try await store.prepare(made.description, tableOfContentsAt: table, source: made.source)
                }
                #expect(error?.code == .diskFull)
                #expect(store.layer(made.description.blob) == nil)
            }
        }
    }
}
