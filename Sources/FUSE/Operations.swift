internal import CFuse
internal import CLinux
internal import Glibc
internal import Linux

/// What the callbacks of one session need.
final class Context: Sendable {
    let fileSystem: any FileSystem
    let options: Session.Options
    let ledger: Ledger

    init(_ fileSystem: any FileSystem, _ options: Session.Options) {
        self.fileSystem = fileSystem
        self.options = options
        ledger = Ledger(options.metrics)
    }

    /// - Parameter userdata: of a session, which keeps its context.
    static func of(_ userdata: UnsafeMutableRawPointer?) -> Context {
        guard let owner = unsafe imagelet_fuse_device_owner(OpaquePointer(userdata)) else {
            preconditionFailure("a session without a context")
        }
        return unsafe Unmanaged<Context>.fromOpaque(owner).takeUnretainedValue()
    }
}

/// The C side of `FileSystem`: each callback translates the question and hands it on with its reply.
enum Operations {
    static func make() -> fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        unsafe table.`init` = { userdata, connection in
            guard let connection = unsafe connection else { return }
            unsafe Context.of(userdata).options.negotiate(&connection.pointee)
        }
        addNames(&table)
        addContent(&table)
        addAttributes(&table)
        return table
    }

    private static func addNames(_ table: inout fuse_lowlevel_ops) {
        unsafe table.lookup = { raw, parent, name in
            let name = unsafe bytes(name)
            unsafe serve(.lookup, raw) { $0.lookup(name, in: NodeID(parent), EntryReply(request: $1)) }
        }
        unsafe table.readlink = { raw, node in
            unsafe serve(.readlink, raw) { $0.linkTarget(of: NodeID(node), BytesReply(request: $1)) }
        }
        unsafe table.readdir = { raw, node, size, offset, _ in
            unsafe serve(.readdir, raw) {
                let reply = DirectoryReply(request: $1, size: size, wantsAttributes: false)
                $0.list(NodeID(node), from: UInt64(bitPattern: Int64(offset)), reply)
            }
        }
        unsafe table.readdirplus = { raw, node, size, offset, _ in
            unsafe serve(.readdirplus, raw) {
                let reply = DirectoryReply(request: $1, size: size, wantsAttributes: true)
                $0.list(NodeID(node), from: UInt64(bitPattern: Int64(offset)), reply)
            }
        }
    }

    private static func addContent(_ table: inout fuse_lowlevel_ops) {
        // "Not implemented" is remembered by the kernel, which then opens without asking: a round trip less for every open.
        unsafe table.open = { raw, _, _ in _ = unsafe fuse_reply_err(raw, ENOSYS) }
        unsafe table.opendir = { raw, _, _ in _ = unsafe fuse_reply_err(raw, ENOSYS) }
        unsafe table.read = { raw, node, size, offset, _ in
            unsafe serve(.read, raw) { $0.read(NodeID(node), at: Int64(offset), size: size, ReadReply(request: $1)) }
        }
    }

    private static func addAttributes(_ table: inout fuse_lowlevel_ops) {
        unsafe table.getattr = { raw, node, _ in
            unsafe serve(.getattr, raw) { $0.attributes(of: NodeID(node), AttributesReply(request: $1)) }
        }
        unsafe table.getxattr = { raw, node, name, size in
            let name = unsafe bytes(name)
            unsafe serve(.getxattr, raw) {
                $0.extendedAttribute(name, of: NodeID(node), SizedReply(request: $1, size: size))
            }
        }
        unsafe table.listxattr = { raw, node, size in
            unsafe serve(.listxattr, raw) {
                $0.extendedAttributeNames(of: NodeID(node), SizedReply(request: $1, size: size))
            }
        }
        unsafe table.statfs = { raw, node in
            unsafe serve(.statfs, raw) { $0.statistics(of: NodeID(node), StatisticsReply(request: $1)) }
        }
    }
}

// Not in the enum: a closure that becomes a C function captures nothing, not even `Self`.
private func serve(
    _ operation: SessionMetrics.Operation, _ raw: fuse_req_t?,
    _ body: (any FileSystem, consuming PendingRequest) -> Void
) {
    guard let raw = unsafe raw else { return }
    let context = unsafe Context.of(fuse_req_userdata(raw))
    body(context.fileSystem, unsafe PendingRequest(operation, raw, context.ledger))
}

private func bytes(_ name: UnsafePointer<CChar>?) -> [UInt8] {
    guard let name = unsafe name else { return [] }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: name, count: strlen(name)))
}
