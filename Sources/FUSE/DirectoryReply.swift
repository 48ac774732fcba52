internal import CFuse
package import Linux

/// The answer to a directory listing: names are added until the page is full.
package struct DirectoryReply: ~Copyable, Sendable {
    private var request: PendingRequest
    private var page: [UInt8]
    private var used = 0
    /// Whether the kernel wants attributes with the names (readdirplus): then each counts as a lookup.
    package let wantsAttributes: Bool

    init(request: consuming PendingRequest, size: Int, wantsAttributes: Bool) {
        self.request = request
        page = [UInt8](repeating: 0, count: size)
        self.wantsAttributes = wantsAttributes
    }

    /// Adds a name.
    /// - Parameter next: what the kernel asks with to go on behind this name; never 0.
    /// - Returns: false if the page is full; the name is not in it then.
    package mutating func add(_ name: [UInt8], _ entry: Entry, next: UInt64) -> Bool {
        let isDots = name == [UInt8(ascii: ".")] || name == [UInt8(ascii: "."), UInt8(ascii: ".")]
        var parameters = entry.parameters
        // Node 0 in a plus entry means "only the name": the kernel never looks up dots.
        if isDots { parameters.ino = 0 }
        let text = name.map { CChar(bitPattern: $0) } + [0]
        let start = used
        let plus = wantsAttributes
        let length = unsafe page.withUnsafeMutableBytes { page in
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: page[start...])
            let target = unsafe rest.baseAddress?.assumingMemoryBound(to: CChar.self)
            // libfuse uses no request for these two.
            return plus
                ? unsafe fuse_add_direntry_plus(nil, target, rest.count, text, &parameters, Int(bitPattern: UInt(next)))
                : unsafe fuse_add_direntry(nil, target, rest.count, text, &parameters.attr, Int(bitPattern: UInt(next)))
        }
        guard length <= page.count - used else { return false }
        used += length
        return true
    }

    /// Sends the page; an empty one ends the listing.
    package consuming func send() {
        let (page, used) = (page, used)
        unsafe request.complete { raw in
            unsafe page.withUnsafeBytes { bytes in
                unsafe fuse_reply_buf(raw, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), used)
            }
        }
    }

    package consuming func fail(_ errno: Errno) { request.fail(errno) }
}
