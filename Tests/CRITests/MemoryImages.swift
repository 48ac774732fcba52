import CRI
import Policy
import Synchronization

@testable import Images

/// Images that exist by name only: pulling one records it, as the real use cases would.
final class MemoryImages: ImageListing, ImagePulling {
    private let images: Mutex<[Image]>
    private let pulls = Mutex<[PullRequest]>([])
    /// What a pull waits for before it succeeds; throws to fail it.
    let obstacle: @Sendable () async throws -> Void

    init(_ images: [Image] = [], obstacle: @escaping @Sendable () async throws -> Void = {}) {
        self.images = Mutex(images)
        self.obstacle = obstacle
    }

    var requests: [PullRequest] { pulls.withLock { $0 } }

    func images(matching name: String?) throws -> [Image] {
        guard let name else { return images.withLock { $0 } }
        return try image(name).map { [$0] } ?? []
    }

    func image(_ name: String) throws -> Image? {
        if name == "BAD::" { throw ImageError(.invalidReference, "'BAD::' is no reference") }
        return images.withLock { images in
            images.first { $0.id == name || $0.tags.contains(name) || $0.digests.contains(name) }
        }
    }

    func info(_ name: String) throws -> [String: String]? {
        try image(name).map { ["imagelet": "{\"id\":\"\($0.id)\"}"] }
    }

    func remove(_ name: String) async throws {
        guard let image = try image(name) else { return }
        images.withLock { images in images.removeAll { $0.id == image.id } }
    }

    func usage() throws -> StoreUsage { StoreUsage(mountpoint: "/var/lib/imagelet", bytes: 4096, inodes: -1) }

    func pull(_ request: PullRequest) async throws -> PullResult {
        pulls.withLock { $0.append(request) }
        try await obstacle()
        let image = Image(id: "sha256:\(request.image)", tags: [request.image], digests: [], size: 1)
        images.withLock { $0.append(image) }
        let reason = Reason(.belowThreshold, "small")
        return PullResult(imageID: image.id, decision: Decision(strategy: .pull, reasons: [reason], layers: []))
    }
}
