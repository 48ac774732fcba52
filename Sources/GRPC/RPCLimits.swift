internal import GRPCCore

/// Sizes both ends of our sockets agree on.
package enum RPCLimits {
    /// The longest message in bytes, request or answer: what kubelet, crictl and critest accept
    /// (specs/cri-image-service.md 1); gRPC's own default is a quarter of it.
    package static let maximumMessageBytes = 16 << 20

    /// HTTP/2 flow control. A list of images should not wait for a window update every 64 KiB.
    static let windowBytes = 1 << 20

    /// A call that may take as long as it takes if `timeout` is nil.
    static func options(timeout: Duration?) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = timeout
        options.maxRequestMessageBytes = maximumMessageBytes
        options.maxResponseMessageBytes = maximumMessageBytes
        return options
    }
}
