internal import CCurl
internal import Glibc

/// Sets the options of one easy handle.
@safe struct EasyOptions {
    private let easy: UnsafeMutableRawPointer

    init(_ easy: UnsafeMutableRawPointer) {
        unsafe self.easy = easy
    }

    /// What is the same for all transfers.
    func setFixed(
        _ options: HTTPClient.Options, share: UnsafeMutableRawPointer, errorText: UnsafeMutablePointer<CChar>
    ) {
        unsafe set(CURLOPT_SHARE, share)
        unsafe set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        set(CURLOPT_USERAGENT, options.userAgent)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        // Several connections beat one congestion window for bulk ranges (registry.md 4.5).
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_NOPROGRESS, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_BUFFERSIZE, 128 << 10)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 128 << 10)
        // Else removing a transfer waits for its name to be resolved, and all others with it.
        set(CURLOPT_QUICK_EXIT, 1)
    }

    /// The request itself; the header list returned must live as long as the handle.
    func set(
        _ request: HTTPRequest, _ url: HTTPURL, _ bodySize: Int64
    ) -> UnsafeMutablePointer<curl_slist>? {
        set(CURLOPT_URL, url.text)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, request.timeouts.connect.milliseconds)
        switch request.method {
        case .get: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .delete: set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        case .post, .put, .patch:
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            set(CURLOPT_INFILESIZE_LARGE, offset: bodySize)
        }
        if case .stream = request.body {
            // Its bytes cannot be sent a second time when a kept connection turns out to be dead.
            set(CURLOPT_FRESH_CONNECT, 1)
        }
        // "Expect: 100-continue" costs a second at servers that do not know it.
        var lines = unsafe curl_slist_append(nil, "Expect:")
        for header in request.lines {
            // An empty value is written with a semicolon, a colon would remove the header.
            let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
            unsafe lines = unsafe curl_slist_append(lines, line)
        }
        unsafe set(CURLOPT_HTTPHEADER, UnsafeMutableRawPointer(lines))
        return unsafe lines
    }

    // A code other than CURLE_OK means an option this libcurl does not know, or no memory: both are for us to know at once.

    func set(_ option: CURLoption, _ value: Int) {
        let code = unsafe imagelet_curl_set_long(easy, option, value)
        precondition(code == CURLE_OK, "libcurl: cannot set option \(option.rawValue)")
    }

    func set(_ option: CURLoption, offset: Int64) {
        let code = unsafe imagelet_curl_set_offset(easy, option, curl_off_t(offset))
        precondition(code == CURLE_OK, "libcurl: cannot set option \(option.rawValue)")
    }

    func set(_ option: CURLoption, _ value: String) {
        let code = unsafe imagelet_curl_set_string(easy, option, value)
        precondition(code == CURLE_OK, "libcurl: cannot set option \(option.rawValue)")
    }

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        let code = unsafe imagelet_curl_set_pointer(easy, option, value)
        precondition(code == CURLE_OK, "libcurl: cannot set option \(option.rawValue)")
    }

    func set(_ option: CURLoption, bytes: [UInt8]) {
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe imagelet_curl_set_blob(easy, option, buffer.baseAddress, buffer.count)
        }
        precondition(code == CURLE_OK, "libcurl: cannot set option \(option.rawValue)")
    }

    func set(_ option: CURLoption, _ callback: imagelet_curl_transfer_callback) {
        let code = unsafe imagelet_curl_set_callback(easy, option, callback)
        precondition(code == CURLE_OK, "libcurl: cannot set option \(option.rawValue)")
    }

    func setSeek(_ callback: curl_seek_callback) {
        let code = unsafe imagelet_curl_set_seek(easy, callback)
        precondition(code == CURLE_OK, "libcurl: cannot set the seek callback")
    }
}

extension Duration {
    /// At least 1, for curl reads 0 as its own default.
    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(min(seconds, 1 << 20)) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
