internal import Images
internal import LayerFS
internal import Layers
internal import OCI

/// Where a layer's tree can be seen: in a mount of its own once it is complete, else in the FUSE store.
struct StoreDirectories: LayerDirectories {
    let store: LayerStore
    let mount: String
    let direct: DirectMounts

    func directory(of layer: Digest) -> String? {
        guard let layer = store.layer(layer), layer.isReadable else { return nil }
        return direct.directory(of: layer) ?? "\(mount)/\(layer.description.slot)"
    }
}
