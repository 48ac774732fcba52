package import OCI

/// Where the content of our layers can be seen.
package protocol LayerDirectories: Sendable {
    /// Absolute path of the layer's root directory, visible in the host's mount namespace; nil if the layer cannot be read here now.
    /// May touch the disk, but never waits for a network. A layer may get another path while it is recorded; what is mounted on one goes on
    /// being right.
    func directory(of layer: Digest) -> String?
}
