import GRPC
import Images
import Testing

@testable import CRI

@Suite("Our store among the runtime's file systems")
struct BookkeepingTests {
    private static let ours = StoreUsage(mountpoint: "/var/lib/imagelet", bytes: 7000, inodes: 70)
    private static let overlay = told("/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs")

    /// As the runtime tells it: at time 1, 1000 bytes and 10 inodes.
    private static func told(_ mountpoint: String) -> CRIFilesystemUsage {
        var usage = CRIFilesystemUsage()
        usage.timestamp = 1
        usage.fsID.mountpoint = mountpoint
        usage.usedBytes.value = 1000
        usage.inodesUsed.value = 10
        return usage
    }

    private static var entry: CRIFilesystemUsage { CRIFilesystemUsage(ours, timestamp: 1) }

    @Test(
        "containerd: ours is where our snapshotter's was",
        arguments: [
            // As exported in containerd's configuration, and as containerd calls it otherwise.
            "/var/lib/imagelet", "/var/lib/containerd/io.containerd.snapshotter.v1.imagelet",
        ])
    func replaced(mountpoint: String) {
        let snapshotter = Self.told(mountpoint)
        #expect(Bookkeeping.replacing([snapshotter], Self.ours) == [Self.entry])
        #expect(Bookkeeping.replacing([snapshotter, Self.overlay], Self.ours) == [Self.entry, Self.overlay])
        #expect(Bookkeeping.replacing([Self.overlay, snapshotter], Self.ours) == [Self.overlay, Self.entry])
    }

    @Test(
        "containerd: ours follows what is not ours",
        arguments: [
            "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs", "/var/lib/imagelet/snapshots", "/var/lib",
            "/var/lib/containerd/io.containerd.snapshotter.v1.imagelet2", "",
        ])
    func appended(mountpoint: String) {
        let others = [Self.told(mountpoint), Self.overlay]
        #expect(Bookkeeping.replacing(others, Self.ours) == others + [Self.entry])
    }

    @Test("containers/storage: ours is added to the first")
    func added() {
        let others = [Self.told("/var/lib/containers/storage/overlay-images"), Self.overlay]
        var expected = others
        expected[0].usedBytes.value = 8000
        expected[0].inodesUsed.value = 80
        #expect(Bookkeeping.adding(others, Self.ours) == expected)
    }

    @Test("a runtime that tells of none has ours at least")
    func none() {
        for count in [Bookkeeping.replacing, Bookkeeping.adding] {
            #expect(count([], Self.ours).map(\.fsID.mountpoint) == ["/var/lib/imagelet"])
        }
    }
}
