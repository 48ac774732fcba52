internal import GRPC
internal import Report

/// An image as `images` and `inspect` print it; JSON keys as crictl's.
struct ListedImage: Encodable, Equatable {
    var id: String
    var repoTags: [String]
    var repoDigests: [String]
    var size: UInt64
    var uid: Int64?
    var username: String?
    var pinned: Bool

    init(_ image: CRIImage) {
        id = image.id
        repoTags = image.repoTags
        repoDigests = image.repoDigests
        size = image.size
        uid = image.hasUid ? image.uid.value : nil
        username = image.username.isEmpty ? nil : image.username
        pinned = image.pinned
    }

    /// One row for each tag, or one without, made by `row` from the repository, the tag and the digest.
    func names<Row>(_ row: (_ name: ImageName, _ image: ListedImage) -> Row) -> [Row] {
        if repoTags.isEmpty { return [row(ImageName(digested: repoDigests.first), self)] }
        return repoTags.map { tag in
            var name = ImageName(tagged: tag)
            name.digest =
                repoDigests.first { $0.hasPrefix(name.repository + "@") }.map { ImageName(digested: $0).digest }
                ?? "<none>"
            return row(name, self)
        }
    }
}

/// A full name taken apart for a table.
struct ImageName: Equatable {
    var repository = "<none>"
    var tag = "<none>"
    var digest = "<none>"

    /// - Parameter name: `repository:tag`
    init(tagged name: String) {
        repository = name
        // A colon before the last slash belongs to a port.
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return }
        repository = String(name[..<colon])
        tag = String(name[name.index(after: colon)...])
    }

    /// - Parameter name: `repository@digest`
    init(digested name: String?) {
        guard let name, let at = name.firstIndex(of: "@") else { return }
        repository = String(name[..<at])
        digest = String(name[name.index(after: at)...])
    }
}

struct ListedName: Listed {
    static let columns: [Table.Column] = [.left("IMAGE"), .left("TAG"), .left("IMAGE ID"), .right("SIZE")]
    let row: [String]

    init(_ name: ImageName, _ image: ListedImage) {
        row = [name.repository, name.tag, Measures.shortDigest(image.id), Measures.bytes(image.size)]
    }
}

struct ListedNameWithDigest: Listed {
    static let columns: [Table.Column] = [
        .left("IMAGE"), .left("TAG"), .left("DIGEST"), .left("IMAGE ID"), .right("SIZE"),
    ]
    let row: [String]

    init(_ name: ImageName, _ image: ListedImage) {
        row = [
            name.repository, name.tag, Measures.shortDigest(name.digest), Measures.shortDigest(image.id),
            Measures.bytes(image.size),
        ]
    }
}
