package import Linux

/// A part of a volume, as the kubelet's eviction thresholds name it.
package enum VolumeShare: Sendable, Hashable {
    case bytes(Int64)
    /// Of the volume's size, 0 to 100.
    case percent(Int)

    /// In bytes, of a volume of `total` bytes.
    package func bytes(of total: Int64) -> Int64 {
        switch self {
        case .bytes(let bytes): bytes
        case .percent(let percent): total / 100 * Int64(percent) + total % 100 * Int64(percent) / 100
        }
    }

    /// Bytes that may be written below `path` with this share left free; negative if less is free already.
    package func room(above path: String) throws(LinuxError) -> Int64 {
        let volume = try VolumeStatistics(of: path)
        return volume.availableBytes - bytes(of: volume.totalBytes)
    }
}
