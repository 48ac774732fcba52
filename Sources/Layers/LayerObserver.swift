package import OCI

/// Somebody who wants to know what layers fetch.
package protocol LayerObserver: Sendable {
    /// Bytes of a blob came from its source, in the order of their arrival; what comes twice is told twice. Must not wait.
    func fetched(_ range: Range<Int64>, of blob: Digest, for priority: TransferPriority)
}
