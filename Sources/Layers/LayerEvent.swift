package import OCI

/// Something others should know about a layer.
package enum LayerEvent: Sendable, Equatable {
    /// All of the layer is here and its diffID holds.
    case complete(Digest)
    /// All of the layer is here, and its diffID could not be checked, for this reason.
    case completeUnchecked(Digest, String)
    /// The layer's table of contents is wrong, for this reason: nothing of the layer is served any more.
    case poisoned(Digest, String)
    /// The background fill cannot get on, for this reason; it tries again by itself.
    case stalled(Digest, String)

    /// So many bytes of the layer's content left the cache: it is not complete any more, and streams.
    case evicted(Digest, Int64)

    package var blob: Digest {
        switch self {
        case .complete(let blob), .completeUnchecked(let blob, _), .poisoned(let blob, _), .stalled(let blob, _),
            .evicted(let blob, _):
            blob
        }
    }
}
