import FUSE
import Linux
import Synchronization

/// A root with a few files, answered from memory: on the asking thread, except `slow`, which waits until a test lets it go.
final class MemoryFileSystem: FileSystem {
    static let validity = Duration.seconds(3600)

    struct File {
        var node: NodeID
        var content: [UInt8]
        var kind = FileStatus.Kind.regular
    }

    let files: [String: File]
    let reads = Atomic<Int>(0)
    let slow = SlowReads()
    private let listing = Mutex<[String]>([])

    init(_ contents: [String: [UInt8]], links: [String: String] = [:]) {
        var files: [String: File] = [:]
        for (number, name) in contents.keys.sorted().enumerated() {
            files[name] = File(node: NodeID(number + 2), content: contents[name] ?? [])
        }
        for (number, name) in links.keys.sorted().enumerated() {
            files[name] = File(node: NodeID(number + 1000), content: Array((links[name] ?? "").utf8), kind: .symlink)
        }
        self.files = files
        listing.withLock { $0 = files.keys.sorted() }
    }

    private func file(_ node: NodeID) -> File? { files.values.first { $0.node == node } }

    private func attributes(_ node: NodeID) -> Attributes? {
        if node == 1 { return Attributes(inode: 1, kind: .directory, mode: 0o755, linkCount: 2) }
        guard let file = file(node) else { return nil }
        return Attributes(inode: node, kind: file.kind, mode: 0o4755, uid: 3, gid: 4, size: Int64(file.content.count))
    }

    private func entry(_ node: NodeID) -> Entry? {
        attributes(node).map {
            Entry(node: node, attributes: $0, nameValidity: Self.validity, attributesValidity: Self.validity)
        }
    }

    func lookup(_ name: [UInt8], in parent: NodeID, _ reply: consuming EntryReply) {
        let name = String(decoding: name, as: UTF8.self)
        if name == "dropped" { return }
        guard let file = files[name], let entry = entry(file.node) else { return reply.sendAbsent(for: .zero) }
        reply.send(entry)
    }

    func attributes(of node: NodeID, _ reply: consuming AttributesReply) {
        guard let attributes = attributes(node) else { return reply.fail(.stale) }
        reply.send(attributes, validFor: Self.validity)
    }

    func linkTarget(of node: NodeID, _ reply: consuming BytesReply) { reply.send(file(node)?.content ?? []) }

    func read(_ node: NodeID, at offset: Int64, size: Int, _ reply: consuming ReadReply) {
        reads.wrappingAdd(1, ordering: .relaxed)
        guard let file = file(node) else { return reply.fail(.stale) }
        if files["slow"]?.node == node { return slow.hold(reply) }
        if files["broken"]?.node == node { return reply.fail(.ioError) }
        let part = file.content.dropFirst(Int(offset)).prefix(size)
        // It throws nothing that isn't thrown here.
        try? reply.send(size: size) { span in
            for (position, byte) in part.enumerated() { span[position] = byte }
            return part.count
        }
    }

    func list(_ node: NodeID, from offset: UInt64, _ reply: consuming DirectoryReply) {
        var reply = reply
        let names = [".", ".."] + listing.withLock { $0 }
        for position in Int(offset)..<max(names.count, Int(offset)) {
            guard let entry = entry(files[names[position]]?.node ?? 1) else { continue }
            guard reply.add(Array(names[position].utf8), entry, next: UInt64(position) + 1) else { break }
        }
        reply.send()
    }

    func extendedAttribute(_ name: [UInt8], of node: NodeID, _ reply: consuming SizedReply) {
        switch String(decoding: name, as: UTF8.self) {
        case "user.short": reply.send(Array("value".utf8))
        case "user.long": reply.send([UInt8](repeating: 7, count: 60_000))
        case "user.none": reply.send([])
        default: reply.fail(.noData)
        }
    }

    func extendedAttributeNames(of node: NodeID, _ reply: consuming SizedReply) {
        reply.send(Array("user.short\0user.long\0user.none\0".utf8))
    }

    func statistics(of node: NodeID, _ reply: consuming StatisticsReply) {
        guard let volume = try? VolumeStatistics(of: "/") else { return reply.fail(.ioError) }
        reply.send(volume)
    }
}

/// Reads that wait for a test.
final class SlowReads: Sendable {
    private let held = Mutex<[Handoff<ReadReply>]>([])
    /// One element a read that arrived, one an interrupted read.
    let arrivals: AsyncStream<Void>
    let interrupts: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation
    private let interrupted: AsyncStream<Void>.Continuation

    init() {
        (arrivals, arrived) = AsyncStream.makeStream()
        (interrupts, interrupted) = AsyncStream.makeStream()
    }

    func hold(_ reply: consuming ReadReply) {
        var reply = reply
        let interrupted = interrupted
        reply.onInterrupt { interrupted.yield() }
        let box = Handoff(reply)
        held.withLock { $0.append(box) }
        arrived.yield()
    }

    /// Answers all that wait with `byte`, or with an error.
    func release(_ byte: UInt8?) {
        let all = held.withLock { held in
            defer { held = [] }
            return held
        }
        for box in all {
            guard let reply = box.take() else { continue }
            guard let byte else {
                reply.fail(.interrupted)
                continue
            }
            try? reply.send(size: 4096) { span in
                span.update(repeating: byte)
                return 4096
            }
        }
    }
}
