package import FoundationEssentials
package import OCI

/// One layer as containers/storage lists it: a layer's content upon one particular stack of others.
package struct StoreLayer: Sendable, Equatable {
    /// How the blob is compressed, by containers/storage's numbers.
    package enum Compression: Int, Sendable, Encodable {
        case none = 0
        case gzip = 2
    }

    /// Says which content it is and what is below it: see `Digest.storeLayerIDs`.
    package var id: Digest
    /// The layer below; nil for the lowest.
    package var parent: Digest?
    /// Of the compressed layer: what pulls ask by.
    package var blob: Digest
    /// Of the blob, in bytes.
    package var blobSize: Int64
    package var diffID: Digest
    /// Of the uncompressed tar, in bytes; -1 if it is not known.
    package var diffSize: Int64
    package var compression: Compression
    package var created: Date
    /// Where its content can be seen: an absolute path, right for as long as the layer is listed.
    package var content: String

    package init(
        id: Digest, parent: Digest?, blob: Digest, blobSize: Int64, diffID: Digest, diffSize: Int64,
        compression: Compression, created: Date, content: String
    ) {
        self.id = id
        self.parent = parent
        self.blob = blob
        self.blobSize = blobSize
        self.diffID = diffID
        self.diffSize = diffSize
        self.compression = compression
        self.created = created
        self.content = content
    }

    /// The name below `overlay/l` by which layers above refer to it: 26 letters and digits, as short as mount options want it. containers/storage
    /// draws it by lot; ours follows from the id, so that it is the same when a layer is listed again.
    var link: String { Self.link(of: id) }

    static func link(of id: Digest) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in id.bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5, text.count < 26 {
                count -= 5
                text.append(letters[Int(bits >> UInt32(count) & 31)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Digest {
    /// The ids that containers/storage gives a stack of layers, lowest first: the lowest is its diffID, every other the SHA-256 of
    /// `PARENT+DIFFID` in hex (specs/additional-layer-store.md 11). A layer under any other id is copied by clients, not used.
    package static func storeLayerIDs(of diffIDs: [Digest]) -> [Digest] {
        var ids: [Digest] = []
        for diffID in diffIDs {
            ids.append(ids.last.map { Digest(of: Array("\($0.hex)+\(diffID.hex)".utf8)) } ?? diffID)
        }
        return ids
    }
}
