internal import CCurl

/// All transfers of one client, and the multi handle they are in. Belongs to the curl thread.
@safe final class TransferTable {
    /// Interrupts the thread's sleep, from any thread, while the table lives.
    @safe struct Waker: @unchecked Sendable {
        fileprivate let multi: UnsafeMutableRawPointer

        func wake() {
            // Of all calls on a multi handle, the one that any thread may make; it fails only for a bad handle.
            _ = unsafe curl_multi_wakeup(multi)
        }
    }

    private let multi: UnsafeMutableRawPointer
    private let share: UnsafeMutableRawPointer
    private let options: HTTPClient.Options
    private var queues: HostQueues<Exchange>
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    private var nextCheck = ContinuousClock.now

    /// How often the timeouts are looked at.
    private static let checkInterval = Duration.milliseconds(100)
    /// The same in milliseconds, for curl.
    private static let checkSleep: Int32 = 100
    /// How long the thread sleeps with nothing to do, in milliseconds.
    private static let idleSleep: Int32 = 600_000

    init(options: HTTPClient.Options) {
        guard let multi = unsafe curl_multi_init(), let share = unsafe curl_share_init() else {
            preconditionFailure("libcurl: out of memory")
        }
        unsafe self.multi = multi
        unsafe self.share = share
        self.options = options
        queues = HostQueues(limit: options.maxConnectionsPerHost)
        // These fail for unknown options only.
        _ = unsafe imagelet_curl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        _ = unsafe imagelet_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, options.maxIdleConnections)
        _ = unsafe imagelet_curl_share_add(share, CURL_LOCK_DATA_SSL_SESSION)
    }

    var waker: Waker { unsafe Waker(multi: multi) }

    /// Starts a transfer, or lets it wait for its turn.
    func admit(_ exchange: Exchange) {
        if queues.admit(exchange, to: exchange.url.origin) { start(exchange) }
    }

    private func start(_ first: Exchange) {
        var candidate: Exchange? = first
        while let exchange = candidate {
            do throws(HTTPError) {
                let transfer = try unsafe Transfer(exchange, options: options, share: share)
                let code = unsafe curl_multi_add_handle(multi, transfer.easy)
                precondition(code == CURLM_OK, "libcurl: cannot add a transfer")
                transfers[ObjectIdentifier(exchange)] = transfer
                return
            } catch {
                exchange.finish(.failure(error))
                candidate = queues.release(exchange.url.origin)
            }
        }
    }

    /// Takes a transfer off the wire, if it is still there.
    func remove(_ exchange: Exchange) {
        guard let transfer = transfers.removeValue(forKey: ObjectIdentifier(exchange)) else {
            _ = queues.withdraw(exchange, from: exchange.url.origin)
            return
        }
        unsafe transfer.detach(from: multi)
        if let next = queues.release(exchange.url.origin) { start(next) }
    }

    func resume(_ exchange: Exchange) {
        guard let transfer = transfers[ObjectIdentifier(exchange)] else { return }
        if let error = transfer.resume() { end(transfer, .failure(error)) }
    }

    /// Sleeps until something happens, moves bytes, ends what is over.
    func advance() {
        var running: Int32 = 0
        precondition(unsafe curl_multi_perform(multi, &running) == CURLM_OK, "libcurl: the multi handle is broken")
        endFinished()
        for transfer in transfers.values {
            transfer.publish()
            if let error = transfer.endEarlyHold() { end(transfer, .failure(error)) }
        }
        checkTimeouts()
        let sleep = transfers.isEmpty ? Self.idleSleep : Self.checkSleep
        precondition(
            unsafe curl_multi_poll(multi, nil, 0, sleep, nil) == CURLM_OK, "libcurl: cannot wait")
    }

    private func endFinished() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe message.pointee.data.result
            let transfer = unsafe Transfer.of(easy)
            end(transfer, transfer.outcome(code))
        }
    }

    private func end(_ transfer: Transfer, _ result: Result<Void, any Error>) {
        remove(transfer.exchange)
        transfer.exchange.finish(result)
    }

    private func checkTimeouts() {
        let now = ContinuousClock.now
        guard now >= nextCheck else { return }
        nextCheck = now + Self.checkInterval
        for transfer in transfers.values {
            if let error = transfer.checkTimeouts(at: now) { end(transfer, .failure(error)) }
        }
    }

    /// Ends everything.
    func close() {
        for exchange in queues.removeAllWaiting() { exchange.finish(.failure(TransferLoop.closed(exchange))) }
        for transfer in transfers.values {
            unsafe transfer.detach(from: multi)
            transfer.exchange.finish(.failure(TransferLoop.closed(transfer.exchange)))
        }
        transfers = [:]
        _ = unsafe curl_multi_cleanup(multi)
        _ = unsafe curl_share_cleanup(share)
    }
}
