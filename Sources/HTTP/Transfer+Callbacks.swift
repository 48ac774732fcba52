internal import CCurl

extension EasyOptions {
    /// `context` must point to the `Transfer` that owns the handle.
    func setCallbacks(context: UnsafeMutableRawPointer) {
        unsafe set(CURLOPT_PRIVATE, context)
        unsafe set(CURLOPT_WRITEDATA, context)
        unsafe set(CURLOPT_HEADERDATA, context)
        unsafe set(CURLOPT_READDATA, context)
        unsafe set(CURLOPT_SEEKDATA, context)
        unsafe set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            return unsafe Transfer.at(context).takeHeaderLine(Array(line)) ? size * count : 0
        }
        unsafe set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let body = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            let span = unsafe Span<UInt8>(_unsafeBytes: body)
            return unsafe Transfer.at(context).takeBody(span) ? size * count : Int(CURL_WRITEFUNC_PAUSE)
        }
        unsafe set(CURLOPT_READFUNCTION) { bytes, size, count, context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return Int(CURL_READFUNC_ABORT) }
            let room = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            var span = unsafe MutableSpan<UInt8>(_unsafeBytes: room)
            switch unsafe Transfer.at(context).exchange.readBody(into: &span) {
            case .bytes(let count): return count
            case .hold: return Int(CURL_READFUNC_PAUSE)
            }
        }
        unsafe setSeek { context, offset, origin in
            guard let context = unsafe context, origin == 0 else { return CURL_SEEKFUNC_FAIL }
            return unsafe Transfer.at(context).exchange.rewindBody(to: Int64(offset))
                ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
        }
    }
}
