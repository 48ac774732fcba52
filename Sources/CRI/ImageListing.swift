package import Images

/// The images of this node, as the image service needs them.
package protocol ImageListing: Sendable {
    /// All images, or the one `name` stands for; each once.
    func images(matching name: String?) throws -> [Image]
    func image(_ name: String) throws -> Image?
    /// What a verbose answer tells besides, JSON documents by key; nil if the image is absent.
    func info(_ name: String) throws -> [String: String]?
    /// Removes the image with all its names; does nothing if it is absent.
    func remove(_ name: String) async throws
    func usage() async throws -> StoreUsage
}

/// Brings an image to this node.
package protocol ImagePulling: Sendable {
    func pull(_ request: PullRequest) async throws -> PullResult
}

extension ImageCatalog: ImageListing {}
extension Puller: ImagePulling {}
