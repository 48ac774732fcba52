internal import CRI
internal import GRPC
internal import LayerFS
internal import Linux
internal import State
internal import Telemetry

/// Whether the daemon lives, and whether it can do its work.
struct DaemonHealth: Sendable {
    /// A daemon of which one of these fails is to be restarted.
    private let vital: [HealthCheck]
    /// What pulls and reads need besides.
    private var needed: [HealthCheck]

    /// - Parameter directory: where everything is kept.
    init(mount: StoreMount, state: StateDatabase, directory: String) {
        let pulse = MountPulse(mount)
        vital = [HealthCheck("store") { pulse.trouble }]
        needed =
            [
                HealthCheck("database") {
                    do {
                        _ = try state.pullNotes()
                        return nil
                    } catch {
                        return "\(error)"
                    }
                },
                HealthCheck("disk") {
                    do {
                        let free = try VolumeStatistics(of: directory).availableBytes
                        return free >= Self.leastFreeBytes ? nil : "\(directory) has only \(free) bytes free"
                    } catch {
                        return "\(error)"
                    }
                },
            ]
    }

    /// Of a daemon that needs something more.
    func needing(_ check: HealthCheck) -> DaemonHealth {
        var more = self
        more.needed.append(check)
        return more
    }

    /// Less than this holds no segment: nothing can be fetched.
    private static let leastFreeBytes: Int64 = 4 << 20

    var live: HealthReport { get async { await HealthReport(vital) } }

    var ready: HealthReport { get async { await HealthReport(vital + needed) } }
}

extension DaemonHealth: HealthService {
    /// The CRI socket as a whole and the image service on it are one.
    func isServing(_ service: String) async -> Bool? {
        ["", "runtime.v1.ImageService"].contains(service) ? await ready.isHealthy : nil
    }
}

extension HealthCheck {
    /// Whether containerd answers, and knows us as a snapshotter.
    static func containerd(_ runtime: ContainerRuntime) -> HealthCheck {
        HealthCheck("runtime") {
            do {
                return try await runtime.takesLayers() ? nil : "containerd runs without the snapshotter imagelet"
            } catch {
                return "containerd: \(error)"
            }
        }
    }

    /// Whether CRI-O answers, and has a store that can read our listing.
    static func storage(_ runtime: StorageRuntime) -> HealthCheck {
        HealthCheck("runtime") {
            do {
                return try await runtime.graphRoots().isEmpty ? "the runtime's store is not one of driver overlay" : nil
            } catch {
                return "the runtime: \(error)"
            }
        }
    }
}
