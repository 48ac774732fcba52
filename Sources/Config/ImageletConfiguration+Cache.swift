extension ImageletConfiguration {
    /// How much of the disk fetched layers may take.
    package struct Cache: ConfigurationSection {
        /// Most bytes of fetched layers on the disk; beyond it what was not read for longest is given up, as far as the registry still has
        /// it. 1 MiB to 1 PiB. Default: no bound.
        package var maxBytes: ByteCount?
        /// Bytes that stay free on the volume, by the same means; 0 to 1 PiB. Default: 1 GiB.
        package var minFreeBytes = ByteCount.mebibytes(1024)
        /// The kubelet's `imagefs.available` threshold: layers are not fetched whole beyond it. Default: 15 %, the kubelet's own default.
        package var evictionThreshold = Share.percent(15)

        package init() {}

        static var fields: [Field<Cache>] {
            [
                .optional("maxBytes", \.maxBytes, .size(ByteCount.mebibytes(1)...ByteCount(1 << 50))),
                .value("minFreeBytes", \.minFreeBytes, .size(ByteCount(0)...ByteCount(1 << 50))),
                .value("evictionThreshold", \.evictionThreshold, .share),
            ]
        }
    }
}
