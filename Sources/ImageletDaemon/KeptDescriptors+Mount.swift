internal import LayerFS
internal import Linux
internal import Logging

extension KeptDescriptors {
    /// Goes on with the mount of the last daemon, or mounts anew if there is none to go on with.
    /// - Returns: whether it is that of the last daemon.
    func bringUp(_ mount: StoreMount) throws -> Bool {
        if let descriptor = found(.fuse), let record = found(.fuseRecord) {
            do {
                let remains = StoreMount.Remains(
                    descriptor: descriptor, record: try record.contents(cap: StoreMount.longestRecord))
                let asksAgain = try mount.resume(remains)
                logger.notice("mount resumed", metadata: ["mount.path": "\(mount.path)"])
                if !asksAgain {
                    logger.warning("this kernel (before 6.9) cannot ask again: reads that were waiting go on waiting")
                }
                return true
            } catch {
                logger.warning(
                    "the last daemon's mount cannot be resumed: containers on it must be restarted",
                    metadata: ["mount.path": "\(mount.path)", "error": "\(error)"])
            }
        }
        for name in [Name.fuse, .fuseRecord] { forget(name) }
        try mount.mount()
        guard let remains = try mount.remains() else { return false }
        keep(.fuseRecord, SharedDescriptor(try MemoryFile.make("imagelet-fuse-init", remains.record)))
        keep(.fuse, remains.descriptor)
        return false
    }

    /// Listens at `path`: by the socket that a socket unit passed, the one the last daemon left, or a new one.
    func listener(_ name: Name, at path: String) throws -> UnixListener {
        if let descriptor = activated(name) { return try resumed(descriptor, at: path) }
        own(path)
        if let descriptor = found(name), let listener = try? resumed(descriptor, at: path) { return listener }
        forget(name)
        let listener = try UnixListener(path)
        keep(name, SharedDescriptor(try listener.duplicate()))
        return listener
    }

    private func resumed(_ descriptor: SharedDescriptor, at path: String) throws -> UnixListener {
        try UnixListener(resuming: try descriptor.duplicate(), at: path)
    }

    /// Ends the mount, as `Parting` says; the first call decides.
    /// - Parameter isInUse: whether anything is mounted from our layers; if that cannot be told, it is.
    @discardableResult
    func part(from mount: StoreMount, isInUse: () throws -> Bool) -> Parting {
        let parting = parting { outlives in
            Parting(isInUse: (try? isInUse()) ?? true, outlives: outlives)
        }
        switch parting {
        case .leave:
            mount.leave()
        case .takeDown:
            // First the copies: with the last descriptor the connection ends, also for those who still use it.
            for name in Name.allCases { forget(name) }
            mount.stop()
        }
        return parting
    }
}
