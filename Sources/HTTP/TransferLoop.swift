internal import CCurl
internal import Glibc
internal import Synchronization

/// The thread that owns curl: takes commands from any thread and runs all transfers of one client.
final class TransferLoop: Sendable {
    enum Command {
        case start(Exchange)
        case cancel(Exchange)
        /// Our side has room, or bytes, again.
        case resume(Exchange)
    }

    private struct Shared {
        enum Phase { case idle, running, closed }
        var phase = Phase.idle
        var commands: [Command] = []
        /// Set while the thread may be woken.
        var waker: TransferTable.Waker?

        func wake() { waker?.wake() }
    }

    private let options: HTTPClient.Options
    private let shared = Mutex(Shared())

    /// curl wants this once in a process, before anything else.
    private static let globalState: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init(options: HTTPClient.Options) {
        self.options = options
    }

    func start(_ exchange: Exchange) {
        let phase = shared.withLock { shared in
            let before = shared.phase
            guard before != .closed else { return before }
            shared.phase = .running
            shared.commands.append(.start(exchange))
            shared.wake()
            return before
        }
        switch phase {
        case .running: return
        case .closed: exchange.finish(.failure(Self.closed(exchange)))
        case .idle: startThread()
        }
    }

    func cancel(_ exchange: Exchange) { send(.cancel(exchange)) }
    func resume(_ exchange: Exchange) { send(.resume(exchange)) }

    func shutdown() {
        shared.withLock { shared in
            shared.phase = .closed
            shared.wake()
        }
    }

    private func send(_ command: Command) {
        shared.withLock { shared in
            guard shared.phase == .running else { return }
            shared.commands.append(command)
            shared.wake()
        }
    }

    static func closed(_ exchange: Exchange) -> HTTPError {
        HTTPError(.closed, "\(exchange.label): the HTTP client was shut down")
    }

    // MARK: The thread

    private func startThread() {
        precondition(Self.globalState == CURLE_OK, "libcurl: cannot initialise")
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                let loop = unsafe Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue()
                loop.run()
                return nil
            }, context)
        guard result == 0 else {
            unsafe Unmanaged<TransferLoop>.fromOpaque(context).release()
            return close(becauseOf: "cannot start a thread (error \(result))")
        }
        _ = pthread_detach(thread)
    }

    private func close(becauseOf reason: String) {
        let commands = shared.withLock { shared in
            shared.phase = .closed
            defer { shared.commands = [] }
            return shared.commands
        }
        for case .start(let exchange) in commands {
            exchange.finish(.failure(HTTPError(.closed, "\(exchange.label): \(reason)")))
        }
    }

    private func run() {
        Self.blockSignals()
        let transfers = TransferTable(options: options)
        shared.withLock { $0.waker = transfers.waker }
        while let commands = nextCommands() {
            for command in commands {
                switch command {
                case .start(let exchange): transfers.admit(exchange)
                case .cancel(let exchange): transfers.remove(exchange)
                case .resume(let exchange): transfers.resume(exchange)
                }
            }
            transfers.advance()
        }
        shared.withLock { $0.waker = nil }
        transfers.close()
        close(becauseOf: "the HTTP client was shut down")
    }

    /// Nil once the client was shut down.
    private func nextCommands() -> [Command]? {
        shared.withLock { shared in
            guard shared.phase == .running else { return nil }
            defer { shared.commands = [] }
            return shared.commands
        }
    }

    /// Signals belong to other threads; and OpenSSL's writes raise SIGPIPE in this one when a peer has gone.
    private static func blockSignals() {
        var all = sigset_t()
        _ = unsafe sigfillset(&all)
        _ = unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
    }
}
