internal import CCurl

extension HTTPError {
    /// What curl's code means to us. Codes of protocols and features we don't use cannot occur and count as protocol errors.
    init(curl code: CURLcode, _ message: String, received: Int64) {
        switch code {
        case CURLE_URL_MALFORMAT: self.init(.invalidURL, message)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self.init(.resolve, message)
        case CURLE_COULDNT_CONNECT, CURLE_PROXY: self.init(.connect, message)
        case CURLE_OPERATION_TIMEDOUT: self.init(.timeout, message)
        case CURLE_SSL_CONNECT_ERROR: self.init(.tls, message, isTransient: true)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_USE_SSL_FAILED:
            self.init(.tls, message)
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SEND_FAIL_REWIND,
            CURLE_SSL_SHUTDOWN_FAILED:
            self.init(.reset, received == 0 ? message : "\(message), after \(received) bytes of the answer")
        default: self.init(.protocolError, "\(message) (curl \(code.rawValue))")
        }
    }
}
