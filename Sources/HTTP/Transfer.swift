internal import CCurl

/// One exchange on curl's easy handle. Belongs to the curl thread; the callbacks find it through the handle's context pointer, and the
/// table that holds the handle holds this object too.
@safe final class Transfer {
    let exchange: Exchange
    let easy: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerLines: UnsafeMutablePointer<curl_slist>?
    private var headParser = HeadParser()
    private var watch: Watch
    private var received: Int64 = 0
    private var hasNews = false
    private var isAnsweredEarly = false
    /// Why a callback ended the transfer.
    private var ownError: HTTPError?

    /// - Throws: `tls` if a certificate file cannot be read, `invalidURL`.
    init(_ exchange: Exchange, options: HTTPClient.Options, share: UnsafeMutableRawPointer) throws(HTTPError) {
        guard let easy = unsafe curl_easy_init() else { preconditionFailure("libcurl: out of memory") }
        self.exchange = exchange
        unsafe self.easy = easy
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        watch = Watch(exchange.request.timeouts)
        let setup = unsafe EasyOptions(easy)
        unsafe setup.setFixed(options, share: share, errorText: errorText)
        unsafe headerLines = setup.set(exchange.request, exchange.url, exchange.bodySize)
        unsafe setup.setCallbacks(context: Unmanaged.passUnretained(self).toOpaque())
        try setup.set(exchange.request.tls, exchange.label)
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_slist_free_all(headerLines)
        unsafe errorText.deallocate()
    }

    static func of(_ easy: UnsafeMutableRawPointer) -> Transfer {
        var context: UnsafeMutableRawPointer?
        _ = unsafe imagelet_curl_get_pointer(easy, CURLINFO_PRIVATE, &context)
        guard let context = unsafe context else { preconditionFailure("libcurl: a handle that is not ours") }
        return unsafe at(context)
    }

    static func at(_ context: UnsafeMutableRawPointer) -> Transfer {
        unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// Takes the handle out of `multi`; a connection in the middle of an answer is closed.
    func detach(from multi: UnsafeMutableRawPointer) {
        let code = unsafe curl_multi_remove_handle(multi, easy)
        precondition(code == CURLM_OK, "libcurl: cannot remove a transfer")
    }

    /// Lets a held transfer go on; what curl kept of the body comes in before this returns.
    func resume() -> HTTPError? {
        let code = unsafe curl_easy_pause(easy, CURLPAUSE_CONT)
        return code == CURLE_OK ? nil : error(code)
    }

    /// After a refusal curl sends no more of the body, but does not notice the end of the answer while sending is held.
    func endEarlyHold() -> HTTPError? {
        guard isAnsweredEarly else { return nil }
        isAnsweredEarly = false
        return resume()
    }

    /// Wakes the task if anything came in since the last time.
    func publish() {
        guard hasNews else { return }
        hasNews = false
        exchange.publish()
    }

    // MARK: What the callbacks do

    /// False: end the transfer.
    func takeHeaderLine(_ line: [UInt8]) -> Bool {
        do throws(HTTPError) {
            guard let head = try headParser.add(line, url: exchange.url.text) else { return true }
            exchange.arrived(head)
            hasNews = true
            isAnsweredEarly = !exchange.sent.whole
            return true
        } catch {
            ownError = HTTPError(error.code, "\(exchange.label): \(error.message)")
            return false
        }
    }

    /// False: hold the transfer.
    func takeBody(_ bytes: borrowing Span<UInt8>) -> Bool {
        guard exchange.arrived(bytes) else { return false }
        received += Int64(bytes.count)
        hasNews = true
        return true
    }

    // MARK: Ends

    func outcome(_ code: CURLcode) -> Result<Void, any Error> {
        if let ownError { return .failure(ownError) }
        return code == CURLE_OK ? .success(()) : .failure(error(code))
    }

    private func error(_ code: CURLcode) -> HTTPError {
        if let ownError { return ownError }
        let detail = unsafe String(cString: errorText)
        let text = detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
        return HTTPError(curl: code, "\(exchange.label): \(text)", received: received)
    }

    /// The timeout that has passed, if one has.
    func checkTimeouts(at now: ContinuousClock.Instant) -> HTTPError? {
        var connectedAfter: curl_off_t = 0
        _ = unsafe imagelet_curl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &connectedAfter)
        let sent = exchange.sent
        let verdict = watch.check(
            .init(
                isConnected: connectedAfter > 0, sent: sent.bytes, isSent: sent.whole, hasHead: headParser.isDone,
                received: received, isHeld: exchange.isHeld), at: now)
        return verdict.map { $0.error(exchange.label, received: received) }
    }
}
