import FUSE
import Foundation
import LayerFS
import LayerFormat
import Layers
import Linux
import Logging
import Testing

/// Real mounts need root and the kernel's FUSE.
let canMount = geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/fuse")
let mountReason: Comment = "needs root and /dev/fuse"

/// A store with a mount of its own while `body` runs; unmounted however it ends.
func withStore<Result>(
    _ layers: any LayerDirectory, _ body: (StoreMount) async throws -> Result
) async throws -> Result {
    let directory = NSTemporaryDirectory() + "imagelet-layerfs-" + UUID().uuidString
    try Directory.create(directory)
    let store = StoreMount(layers, at: directory, backing: "/", logger: Logger(label: "test"))
    try store.mount()
    let service = Task { try await store.run() }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(store)) } catch { result = .failure(error) }
    service.cancel()
    try await service.value
    #expect(store.droppedRequests == 0)
    #expect(try Mount.find(at: directory) == nil)
    try Directory.remove(directory)
    return try result.get()
}
