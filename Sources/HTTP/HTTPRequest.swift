/// One request, as data: nothing happens before it is given to an `HTTPClient`.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// Absolute, `http` or `https`, without user and password; already percent-encoded.
    package var url: String
    /// Sent in this order. `Accept-Encoding: identity` and the client's user agent are added unless they are here.
    package var headers: [HTTPHeader]
    /// Offsets to ask for, upper bound exclusive; sent as `Range: bytes=a-b`. The server may ignore it: look at the status.
    package var range: Range<Int64>?
    /// Sent with POST, PUT and PATCH; these three without a body send `Content-Length: 0`. Other methods have none.
    package var body: HTTPBody?
    package var tls: TLSOptions
    package var timeouts: Timeouts

    package init(
        _ method: Method = .get, _ url: String, headers: [HTTPHeader] = [], range: Range<Int64>? = nil,
        body: HTTPBody? = nil, tls: TLSOptions = TLSOptions(), timeouts: Timeouts = Timeouts()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.range = range
        self.body = body
        self.tls = tls
        self.timeouts = timeouts
    }
}

/// What a request sends.
package enum HTTPBody: Sendable {
    case bytes([UInt8])
    /// `next` gives the following piece or nil at the end, and is not asked again before the piece was taken; the pieces must add up to
    /// `size` bytes. It runs in a child task of the request and is cancelled when the answer is complete.
    case stream(size: Int64, next: @Sendable () async throws -> [UInt8]?)
}

/// How a TLS server is checked and who we say we are. The system's roots are always trusted.
package struct TLSOptions: Sendable, Hashable {
    package struct ClientCertificate: Sendable, Hashable {
        /// Path of a PEM file; may hold the chain.
        package var certificate: String
        /// Path of a PEM file; may be the same.
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Paths of PEM files with certificates trusted in addition to the system's.
    package var caFiles: [String]
    package var clientCertificate: ClientCertificate?
    /// Accept any certificate: only for hosts whose configuration says so (`skip_verify` in hosts.toml).
    package var skipVerification: Bool

    package init(
        caFiles: [String] = [], clientCertificate: ClientCertificate? = nil, skipVerification: Bool = false
    ) {
        self.caFiles = caFiles
        self.clientCertificate = clientCertificate
        self.skipVerification = skipVerification
    }
}

/// How long a request may go without getting anywhere. There is no limit on the whole: a large blob takes what it takes.
package struct Timeouts: Sendable, Hashable {
    /// The slowest body that is not given up.
    package struct SpeedFloor: Sendable, Hashable {
        package var bytesPerSecond: Int64
        /// How long the body must have been slower than that.
        package var over: Duration

        package init(bytesPerSecond: Int64, over: Duration) {
            self.bytesPerSecond = bytesPerSecond
            self.over = over
        }
    }

    /// Name resolution, TCP and TLS together. Default 10 s.
    package var connect: Duration
    /// From the request being sent whole to the answer's header lines being here whole. Default 30 s.
    package var responseHead: Duration
    /// Without a byte of the body, in either direction; time in which our own side takes or gives no bytes does not count. Default 30 s.
    package var idle: Duration
    /// Default nil: any speed will do.
    package var floor: SpeedFloor?

    package init(
        connect: Duration = .seconds(10), responseHead: Duration = .seconds(30), idle: Duration = .seconds(30),
        floor: SpeedFloor? = nil
    ) {
        self.connect = connect
        self.responseHead = responseHead
        self.idle = idle
        self.floor = floor
    }
}
