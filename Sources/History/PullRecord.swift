package import OCI

/// One PullImage: who asked, what was decided and why, how long it took. All moments count from its request.
package struct PullRecord: Sendable, Equatable, Codable, Identifiable {
    package enum Outcome: String, Sendable, Codable {
        case underWay, done, failed
        /// The caller went away, or the daemon ended meanwhile.
        case interrupted
    }

    package var id: Int64
    /// Nil if the request named none, such as one from a command line.
    package var pod: Pod?
    /// Normalised, as it was asked for.
    package var image: String
    package var asked: WallTime
    package var outcome = Outcome.underWay
    /// Why it failed.
    package var failure: String?

    /// Of the platform's manifest; nil if it was never known.
    package var manifest: Digest?
    package var imageID: Digest?
    /// Bytes of all blobs.
    package var compressedSize: Int64?
    /// In Policy's words; nil before it was decided.
    package var strategy: String?
    /// Why, as `code: sentence`, the one that decided first.
    package var reasons: [String] = []
    package var index: UsedIndex?
    /// Whether another pull did the work that this one waited for.
    package var joined = false

    package var decided: Moment?
    /// Every layer could be read.
    package var mounted: Moment?
    /// The caller got its answer.
    package var answered: Moment?
    /// The start it belongs to; nil if imagelet served no layer of the image.
    package var start: Int64?

    init(id: Int64, image: String, pod: Pod?, asked: WallTime) {
        self.id = id
        self.image = Limits.cut(image)
        self.pod = pod
        self.asked = asked
    }
}

/// The index that a pull counted on.
package struct UsedIndex: Sendable, Equatable, Codable {
    /// Nil for what this node made by itself.
    package var digest: Digest?
    /// In Policy's words: `v1`, `v2`, `own`.
    package var version: String

    package init(digest: Digest?, version: String) {
        self.digest = digest
        self.version = version
    }
}
