internal import CLinux
internal import Glibc

/// A Unix socket that carries messages, each with its descriptors (unix(7), SCM_RIGHTS).
package final class MessageSocket: Sendable {
    package struct Message: Sendable {
        package var bytes: [UInt8]
        package var descriptors: [SharedDescriptor]

        package init(_ bytes: [UInt8], _ descriptors: [SharedDescriptor] = []) {
            self.bytes = bytes
            self.descriptors = descriptors
        }
    }

    package enum Kind: Sendable {
        /// Single messages, without a connection (SOCK_DGRAM).
        case datagrams
        /// Messages in order, over a connection whose end is noticed (SOCK_SEQPACKET).
        case connection
    }

    /// Longest message, in bytes, and most descriptors with it.
    package static let longestMessage = 4096
    package static let mostDescriptors = 32

    private let descriptor: SharedDescriptor

    /// Connects to the socket at `path`, or behind "@" of that abstract name.
    /// - Throws: `connectionRefused` or `noEntry` if nobody listens there.
    package init(connectingTo path: String, _ kind: Kind) throws(LinuxError) {
        let address = try UnixAddress(path, for: "connect")
        let type = kind == .datagrams ? SOCK_DGRAM.rawValue : SOCK_SEQPACKET.rawValue
        let flags = Int32(type) | Int32(SOCK_CLOEXEC.rawValue)
        descriptor = SharedDescriptor(
            OwnedDescriptor(taking: try system("socket", path) { Glibc.socket(AF_UNIX, flags, 0) }))
        try address.connect(descriptor.rawValue, path)
    }

    /// A socket that is connected already, or bound to take datagrams.
    package init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = SharedDescriptor(descriptor) }

    /// Takes a connection that waits at a listening socket; nil if none does.
    package init?(acceptedFrom listener: SharedDescriptor) throws(LinuxError) {
        do throws(LinuxError) {
            let accepted = try system("accept4", "descriptor \(listener.rawValue)") {
                imagelet_accept(listener.rawValue)
            }
            descriptor = SharedDescriptor(OwnedDescriptor(taking: accepted))
        } catch let error where error.errno == .tryAgain || error.errno == .connectionAborted {
            return nil
        }
    }

    /// User id of the process at the other end when it connected (SO_PEERCRED).
    package func peerUser() throws(LinuxError) -> UInt32 {
        let raw = descriptor.rawValue
        return UInt32(truncatingIfNeeded: try system("getsockopt", "SO_PEERCRED") { imagelet_peer_user(raw) })
    }

    package var rawValue: Int32 { descriptor.rawValue }

    /// Whoever receives here, now or later, gets the end of the connection; sending goes on.
    package func stopReceiving() { _ = shutdown(descriptor.rawValue, Int32(SHUT_RD)) }

    /// Sends one message; waits while the other end's queue is full.
    /// - Throws: `brokenPipe` if the other end is gone.
    package func send(_ message: Message) throws(LinuxError) {
        let raw = descriptor.rawValue
        let numbers = message.descriptors.map(\.rawValue)
        try system("sendmsg", "descriptor \(raw)") {
            unsafe message.bytes.withUnsafeBytes { bytes in
                unsafe imagelet_send_message(
                    raw, bytes.baseAddress, bytes.count, numbers, Int32(clamping: numbers.count))
            }
        }
        // They must not be closed before they are sent.
        withExtendedLifetime(message.descriptors) {}
    }

    /// The next message; waits for it. An empty one means that the other end of a connection is gone.
    /// - Throws: `messageTooLong` for one above the limits, which is lost.
    package func receive() throws(LinuxError) -> Message {
        let raw = descriptor.rawValue
        var bytes = [UInt8](repeating: 0, count: Self.longestMessage)
        var numbers = [Int32](repeating: -1, count: Self.mostDescriptors)
        var count: Int32 = 0
        let length = try system("recvmsg", "descriptor \(raw)") {
            unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe imagelet_receive_message(raw, buffer.baseAddress, buffer.count, &numbers, &count)
            }
        }
        let descriptors = numbers.prefix(Int(count)).map { SharedDescriptor(OwnedDescriptor(taking: $0)) }
        return Message(Array(bytes[..<length]), descriptors)
    }
}
