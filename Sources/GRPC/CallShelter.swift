internal import NIOCore

/// Keeps from a call in progress that its server is shutting down: the transport would cancel it at once, where we promise it time to end
/// (`ServerTransport.beginGracefulShutdown` does, too). When that is over, its connection is closed, and that cancels it.
final class CallShelter: ChannelInboundHandler {
    typealias InboundIn = Any

    /// Puts one before all else of a stream's handlers.
    static func install(on stream: any Channel) -> EventLoopFuture<Void> {
        stream.eventLoop.makeCompletedFuture {
            try stream.pipeline.syncOperations.addHandler(CallShelter(), position: .first)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return }
        context.fireUserInboundEventTriggered(event)
    }
}
