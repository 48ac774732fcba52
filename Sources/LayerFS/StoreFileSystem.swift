package import FUSE
internal import LayerFormat
package import Layers
internal import Linux
package import Logging

/// All layers of a `LayerDirectory` as one read-only file system: the root has one directory a layer, named by its slot.
///
/// What is local is answered on the thread that asks; only reads of bytes that aren't here yet wait, in `run`.
package final class StoreFileSystem: FileSystem {
    let directory: any LayerDirectory
    let root = StoreRoot()
    private let backing: String
    private let misses: MissQueue
    private let log: ReadErrorLog

    /// - Parameters:
    ///   - backing: the directory whose file system statfs tells about.
    ///   - logger: gets a line now and then about reads that failed.
    package init(
        _ directory: any LayerDirectory, backing: String, metrics: StoreMetrics = StoreMetrics(), logger: Logger
    ) {
        self.directory = directory
        self.backing = backing
        log = ReadErrorLog(logger, failures: metrics.failures)
        misses = MissQueue(log, metrics)
    }

    /// Serves the reads that have to wait, until cancelled; then those that wait, and all later ones, fail with EIO.
    package func run() async { await misses.run() }

    package func read(_ node: NodeID, at offset: Int64, size: Int, _ reply: consuming ReadReply) {
        switch find(node) {
        case .node(let found): misses.read(found, found.readable(at: offset, size: size), reply)
        case .root: reply.fail(.isDirectory)
        case .failed(let errno): reply.fail(errno)
        }
    }

    package func linkTarget(of node: NodeID, _ reply: consuming BytesReply) {
        switch find(node) {
        case .node(let found):
            let target = found.tree.linkTarget(of: found.number)
            if target.isEmpty { reply.fail(.invalidArgument) } else { reply.send(target) }
        case .root: reply.fail(.invalidArgument)
        case .failed(let errno): reply.fail(errno)
        }
    }

    package func attributes(of node: NodeID, _ reply: consuming AttributesReply) {
        switch find(node) {
        case .node(let found): reply.send(found.attributes, validFor: LayerNode.validity)
        case .root: reply.send(root.attributes(slots: directory.slots()), validFor: StoreRoot.validity)
        case .failed(let errno): reply.fail(errno)
        }
    }

    package func extendedAttribute(_ name: [UInt8], of node: NodeID, _ reply: consuming SizedReply) {
        switch find(node) {
        case .node(let found):
            guard let value = found.tree.xattr(name, of: found.number) else { return reply.fail(.noData) }
            reply.send(value)
        case .root: reply.fail(.noData)
        case .failed(let errno): reply.fail(errno)
        }
    }

    package func extendedAttributeNames(of node: NodeID, _ reply: consuming SizedReply) {
        switch find(node) {
        case .node(let found): reply.send(found.tree.xattrNames(of: found.number).flatMap { $0 + [0] })
        case .root: reply.send([])
        case .failed(let errno): reply.fail(errno)
        }
    }

    package func statistics(of node: NodeID, _ reply: consuming StatisticsReply) {
        do {
            reply.send(try VolumeStatistics(of: backing))
        } catch {
            reply.fail(error.errno)
        }
    }
}

extension StoreFileSystem {
    enum Found {
        case root
        case node(LayerNode)
        case failed(Errno)
    }

    /// What a node id stands for now.
    func find(_ id: NodeID) -> Found {
        switch NodeAddress(id) {
        case nil: .failed(.stale)
        case .root: .root
        case .node(let number, let slot): find(number, slot: slot)
        }
    }

    /// `stale` for a layer that is gone, as for a file that was removed on a server.
    func find(_ number: LayerTree.NodeNumber, slot: UInt32) -> Found {
        guard let layer = directory.layer(slot: slot) else { return .failed(.stale) }
        do {
            guard let node = try LayerNode(number, slot: slot, layer: layer) else { return .failed(.stale) }
            return .node(node)
        } catch {
            log.note(error, slot: slot, path: "/")
            return .failed(.ioError)
        }
    }
}
