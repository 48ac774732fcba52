internal import NIOCore

/// Keeps errors of a listening channel from the transport, which takes any of them for its own end and cancels every call: a connection that
/// could not be accepted for want of descriptors, or because the listener was just being closed.
///
/// A listener that cannot go on is closed by NIO, and with that the transport ends, too.
final class AcceptErrors: ChannelInboundHandler {
    typealias InboundIn = any Channel

    static func install(on listener: any Channel) -> EventLoopFuture<Void> {
        listener.eventLoop.makeCompletedFuture { try listener.pipeline.syncOperations.addHandler(AcceptErrors()) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
