internal import GRPCCore

/// The request of a call in which both we and the server behind us have a part, with the metadata its client sent.
///
/// Only the message is anybody's business on the way: the rest travels with it (specs/cri-image-service.md 16.8).
package struct PassedRequest<Message: Sendable>: Sendable {
    package var message: Message
    /// As received, without what belongs to the connection; the deadline is in it.
    let metadata: Metadata
}

/// The answer of the server behind us, with the metadata that came before and after it.
package struct PassedAnswer<Message: Sendable>: Sendable {
    package var message: Message
    let metadata: Metadata
    let trailers: Metadata
}
