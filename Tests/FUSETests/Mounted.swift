import FUSE
import Foundation
import Linux
import Testing

/// Real mounts need root and the kernel's FUSE.
let canMount = geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/fuse")
let mountReason: Comment = "needs root and /dev/fuse"

/// A mounted file system while `body` runs; unmounted however it ends.
func withMount<Result>(
    _ fileSystem: any FileSystem, options: Session.Options = Session.Options(threads: 4),
    _ body: (String, Session) async throws -> Result
) async throws -> Result {
    let directory = NSTemporaryDirectory() + "imagelet-fuse-" + UUID().uuidString
    try Directory.create(directory)
    let session = Session(fileSystem, at: directory, options: options)
    try session.mount()
    let service = Task { try await session.run() }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(directory, session)) } catch { result = .failure(error) }
    service.cancel()
    try await service.value
    #expect(try Mount.find(at: directory) == nil)
    try Directory.remove(directory)
    return try result.get()
}

/// File access through a mount of this process's own must not keep a thread of the cooperative pool.
func away<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await BlockingThread.run("reader", body)
}
