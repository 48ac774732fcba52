/// What an orderly end does with the mount and the sockets. A disorderly one always leaves them.
enum Parting: Equatable {
    /// All goes: mount, sockets, keeper.
    case takeDown
    /// All stays, for the next daemon: containers read on when it is there, callers wait for it.
    case leave

    /// - Parameters:
    ///   - isInUse: whether anything is mounted from our layers.
    ///   - outlives: whether somebody else keeps the descriptors; else the mount would be left dead.
    init(isInUse: Bool, outlives: Bool) {
        self = isInUse && outlives ? .leave : .takeDown
    }
}
