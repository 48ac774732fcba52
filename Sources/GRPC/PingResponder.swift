internal import NIOCore

/// Answers the peer's PINGs, before the HTTP/2 of NIO sees them.
///
/// grpc-go (kubelet, containerd) estimates the bandwidth of a link with a PING for nearly every message it receives. NIO takes more than
/// 200 of them in 30 seconds for an attack and closes the connection with all its calls; gRPC does not let us say otherwise. The peers
/// of our sockets are root on this machine.
final class PingResponder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Bytes that are passed on unseen: the client's greeting (RFC 9113, 3.4), then the rest of a frame.
    private var passing: Int
    /// The beginning of a frame that has not come far enough to tell what it is.
    private var held = ByteBuffer()
    private var hasAnswered = false

    /// - Parameter greeting: bytes before the first frame.
    private init(after greeting: Int) { passing = greeting }

    /// Puts one before all else of a connection's handlers.
    /// - Parameter isServer: whether the peer is the client.
    static func install(on channel: any Channel, isServer: Bool) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let responder = PingResponder(after: isServer ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8.count : 0)
            try channel.pipeline.syncOperations.addHandler(responder, position: .first)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = unwrapInboundIn(data)
        if held.readableBytes > 0 {
            held.writeBuffer(&input)
            (input, held) = (held, ByteBuffer())
        }
        var end = input.readerIndex
        while true {
            let step = min(passing, input.writerIndex - end)
            (end, passing) = (end + step, passing - step)
            guard passing == 0, let frame = FrameHeader(in: input, at: end) else { break }
            guard frame.isPing else {
                passing = FrameHeader.size + frame.length
                continue
            }
            let size = FrameHeader.size + frame.length
            guard let ping = input.getSlice(at: end, length: size) else { break }
            pass(&input, to: end, context)
            answer(ping, context)
            input.moveReaderIndex(forwardBy: size)
            end = input.readerIndex
        }
        pass(&input, to: end, context)
        held = input
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if hasAnswered { context.flush() }
        hasAnswered = false
        context.fireChannelReadComplete()
    }

    private func pass(_ input: inout ByteBuffer, to end: Int, _ context: ChannelHandlerContext) {
        guard let part = input.readSlice(length: end - input.readerIndex), part.readableBytes > 0 else { return }
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// The same with the flag ACK (RFC 9113, 6.7). A peer that reads no answers gets none: they would pile up.
    private func answer(_ ping: ByteBuffer, _ context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        var answer = ping
        answer.setInteger(FrameHeader.ack, at: answer.readerIndex + FrameHeader.flags)
        context.write(wrapOutboundOut(answer), promise: nil)
        hasAnswered = true
    }
}

/// The beginning of an HTTP/2 frame (RFC 9113, 4.1).
private struct FrameHeader {
    static let size = 9
    /// Where the flags lie.
    static let flags = 4
    static let ack: UInt8 = 1

    /// Bytes behind the header.
    let length: Int
    /// A PING that wants an answer and is well-formed; any other is left to who knows what to do about it.
    let isPing: Bool

    /// Nil if there are not bytes enough.
    init?(in buffer: ByteBuffer, at index: Int) {
        guard buffer.writerIndex - index >= Self.size,
            let high = buffer.getInteger(at: index, as: UInt8.self),
            let low = buffer.getInteger(at: index + 1, as: UInt16.self),
            let type = buffer.getInteger(at: index + 3, as: UInt8.self),
            let flags = buffer.getInteger(at: index + Self.flags, as: UInt8.self),
            let stream = buffer.getInteger(at: index + 5, as: UInt32.self)
        else { return nil }
        length = Int(high) << 16 | Int(low)
        isPing = type == 6 && flags & Self.ack == 0 && length == 8 && stream & 0x7fff_ffff == 0
    }
}
