import Foundation
import LayerFormat
import Linux
import OCI
import Testing

@testable import Layers

@Suite(.timeLimit(.minutes(5)))
struct KeepingTests {
    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test func removingStopsTransfersAndFreesBytes() async throws {
        let made = try await MadeLayer.usual.value
        let last = try made.table.contentSize - 10
        let source = ScriptedSource(made.blob) { _, range in
            range.lowerBound > 0 && range.upperBound == made.description.blobSize ? .stalls : nil
        }
        try await withDirectory { root in
            let store = made.store(root)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: source)
                try await made.expects(layer, 0..<300_000)
                let reader = Task { try await layer.makeLocal(last..<last + 10) }
                try await eventually { source.active == 1 }
                await store.remove(made.description.blob)
                let error = await #expect(throws: LayerError.self) { try await reader.value }
                #expect(error?.code == .removed)
                try await eventually { source.active == 0 }
                #expect(source.reads.last?.wasCancelled == true)
                #expect(!exists("\(root)/layers/\(made.description.blob.hex)"))
                try await eventually { try layer.files.tar.allocatedBytes() == 0 }
                #expect(throws: LayerError.self) { try layer.local(0..<10) }
                #expect(store.usage().bytes == 0)
                #expect(store.slots().isEmpty)
                await store.remove(made.description.blob)
                // It can come back at once.
                let again = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                try await made.expects(again, 0..<1000)
            }
        }
    }

    @Test func removingAPrefetchStopsIt() async throws {
        let made = try await MadeLayer.usual.value
        let source = ScriptedSource(made.blob) { _, _ in .stalls }
        try await withDirectory { root in
            let store = made.store(root)
            try await running(store) {
                let work = Task { try await store.prefetch(made.description, source: source) }
                try await eventually { source.active == 1 }
                await store.remove(made.description.blob)
                await #expect(throws: (any Error).self) { try await work.value }
                #expect(source.active == 0)
                #expect(store.progress(of: made.description.blob) == nil)
                #expect(!exists("\(root)/layers/\(made.description.blob.hex)"))
            }
        }
    }

    @Test func removingACompleteLayerFailsItsReaders() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            let store = made.store(root)
            try await running(store) {
                let layer = try await store.prefetch(made.description, source: made.source)
                await store.remove(made.description.blob)
                #expect(throws: LayerError.self) { try layer.local(0..<10) }
                await #expect(throws: LayerError.self) { try await layer.makeLocal(0..<10) }
            }
        }
    }

    @Test func aSweepRemovesOrphansOnly() async throws {
        let made = try await MadeLayer.usual.value
        let kept = Digest(of: [1])
        try await withDirectory { root in
            let store = made.store(root)
            try await running(store) {
                _ = try await store.prefetch(made.description, source: made.source)
                for name in [kept.hex, Digest(of: [2]).hex, "rubbish"] {
                    try FileManager.default.createDirectory(
                        atPath: "\(root)/layers/\(name)", withIntermediateDirectories: true)
                    try write([1], "\(root)/layers/\(name)/layer.tar")
                }
                try await store.sweep(keeping: [kept])
                let left = try FileManager.default.contentsOfDirectory(atPath: "\(root)/layers")
                #expect(Set(left) == [kept.hex, made.description.blob.hex])
            }
            // Nothing there to sweep is no error.
            try await made.store(root + "/elsewhere").sweep(keeping: [])
        }
    }

    @Test func usageIsWhatDuSays() async throws {
        let made = try await MadeLayer.usual.value
        let other = try await MadeLayer(sizes: [400_000], slot: 2)
        try await withDirectory { root in
            let store = made.store(root)
            try await running(store) {
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: made.source)
                try await made.expects(layer, 500_000..<700_000)
                _ = try await store.prefetch(other.description, source: other.source)
                try await eventually {
                    // The records of a completion come a little later.
                    let said = String(decoding: try tool("du", "-s", "--block-size=1", root + "/layers"), as: UTF8.self)
                    let du = try #require(Int64(said.prefix { $0 != "\t" })) - 4096
                    return abs(store.usage().bytes - du) * 20 <= du
                }
                #expect(store.usage().inodes == 8)
            }
        }
    }

    @Test func newerCredentialsCountForTheNextRead() async throws {
        let made = try await MadeLayer.usual.value
        try await withDirectory { root in
            let store = made.store(root)
            try await running(store) {
                let refusing = ScriptedSource(made.blob) { _, _ in .fails(.refused) }
                let layer = try await store.prepare(
                    made.description, tableOfContents: made.tableOfContents, source: refusing)
                await #expect(throws: LayerError.self) { try await layer.bytes(0..<10) }
                store.setSource(made.source, of: made.description.blob)
                try await made.expects(layer, 0..<10)
            }
        }
    }
}
