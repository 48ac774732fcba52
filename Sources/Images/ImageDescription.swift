internal import Layers
package import OCI
package import Policy
package import State

/// Everything known about an image of this node, for people and for ImageStatus's verbose answer.
package struct ImageDescription: Sendable, Encodable {
    package struct LayerDescription: Sendable, Encodable {
        package var digest: Digest
        package var slot: UInt32
        package var state: String
        package var contentPresent: Int64
        package var contentSize: Int64
        package var blobBytesFetched: Int64
        package var blobSize: Int64
        package var segmentsPresent: Int
        package var segmentCount: Int
        package var isVerified: Bool
        package var trouble: String?
    }

    package var id: String
    package var names: [String]
    package var manifestDigest: Digest
    package var mediaType: String
    package var size: Int64
    package var strategy: String
    package var reasons: [Reason]
    package var layers: [LayerDescription]
}

extension ImageCatalog {
    package func describe(_ record: ImageRecord) -> ImageDescription {
        ImageDescription(
            id: record.id.description, names: record.references + record.digests, manifestDigest: record.manifestDigest,
            mediaType: record.mediaType, size: record.size, strategy: record.strategy, reasons: reasons(of: record),
            layers: layers(of: record).map { status in
                ImageDescription.LayerDescription(
                    digest: status.digest, slot: status.slot, state: "\(status.progress.state)",
                    contentPresent: status.progress.contentPresent, contentSize: status.progress.contentSize,
                    blobBytesFetched: status.progress.blobBytesFetched, blobSize: status.progress.blobSize,
                    segmentsPresent: status.progress.segmentsPresent, segmentCount: status.progress.segmentCount,
                    isVerified: status.progress.isVerified, trouble: status.progress.trouble)
            })
    }

    /// The answer of a verbose ImageStatus: under `imagelet` what we know, under `info` what containerd's users look for.
    package func info(_ name: String) throws -> [String: String]? {
        guard let record = try record(name) else { return nil }
        let own = String(decoding: try OCIDocument.encode(describe(record)), as: UTF8.self)
        let config = String(decoding: record.config, as: UTF8.self)
        let chain = try ImageConfig(parsing: record.config).chainID.map { "\"chainID\":\"\($0)\"," } ?? ""
        return ["imagelet": own, "info": "{\(chain)\"imageSpec\":\(config)}"]
    }
}

extension ImageConfig {
    /// The identity of all layers stacked (OCI image-spec, config.md, Layer ChainID); nil without layers.
    var chainID: Digest? {
        guard var chain = diffIDs.first else { return nil }
        for diffID in diffIDs.dropFirst() { chain = Digest(of: Array("\(chain) \(diffID)".utf8)) }
        return chain
    }
}
