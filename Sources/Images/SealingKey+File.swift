package import Hashing
internal import Linux
package import Logging

extension SealingKey {
    /// The key in the file at `path`, made now if there is none: 0600, written aside, synced, renamed.
    ///
    /// Never stands in the way of a start: a file that holds no key gives way to a new one, and where none can be kept, the key given is one
    /// of this process alone. What the old key sealed is then not to be opened any more.
    package static func kept(at path: String, logger: Logger) -> SealingKey {
        do {
            if try Path.exists(path) {
                // One byte more than a key has: a longer file is no key either.
                if let key = SealingKey(try Path.read(path, cap: SealingKey.byteCount + 1)) { return key }
                logger.warning(
                    "the key of kept credentials is damaged; a new one is made", metadata: ["path": "\(path)"])
            }
        } catch {
            logger.warning(
                "the key of kept credentials cannot be read; a new one is made",
                metadata: ["path": "\(path)", "error": "\(error)"])
        }
        let key = SealingKey.random()
        do {
            try Path.replace(path, with: [key.bytes])
        } catch {
            logger.error(
                "the key of kept credentials cannot be written; those of pulls are lost with this process",
                metadata: ["path": "\(path)", "error": "\(error)"])
        }
        return key
    }
}
