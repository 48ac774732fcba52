extension Digest {
    /// The chain ID of each layer (OCI image-spec, config.md, "Layer ChainID"): names the layer together with all below it.
    ///
    /// The first is the diffID itself, each further one the SHA-256 of the text "<chain ID below> <diffID>".
    /// - Parameter diffIDs: lowest first.
    package static func chainIDs(of diffIDs: [Digest]) -> [Digest] {
        diffIDs.reduce(into: []) { chain, diffID in
            chain.append(chain.last.map { Digest(of: Array("\($0) \(diffID)".utf8)) } ?? diffID)
        }
    }
}
