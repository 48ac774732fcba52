internal import Config

/// Whether the daemon runs.
struct DaemonCheck: Check {
    let name = "daemon"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = node.configuration.sockets.admin
        switch await node.services.daemon() {
        case .fails(let why):
            return .bad(lookedAt, why, "systemctl start imagelet; journalctl -u imagelet says why it does not stay")
        case .says(let daemon):
            let wanted = node.configuration.runtime.rawValue
            guard daemon.runtime == wanted else {
                return .warning(
                    lookedAt, "it runs with runtime \(daemon.runtime), the configuration says \(wanted)",
                    "systemctl restart imagelet")
            }
            return .good(lookedAt, "imagelet \(daemon.version), runtime \(daemon.runtime)")
        }
    }
}

/// Whether the kubelet would get answers.
struct ImageServiceCheck: Check {
    let name = "image service"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = node.configuration.sockets.cri
        switch await node.services.images() {
        case .says: return .good(lookedAt, "it answers")
        case .fails(let why):
            return .bad(lookedAt, why, "if the daemon runs, see whether the runtime does: calls are passed on to it")
        }
    }
}

/// Whether the runtime takes layers from us.
struct RuntimeCheck: Check {
    let name = "runtime"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = node.configuration.sockets.runtime
        let (unit, ready, unready): (String, String, String)
        switch node.configuration.runtime {
        case .none:
            return .good("runtime in the configuration", "none: imagelet is an image service by itself")
        case .containerd:
            (unit, ready) = ("containerd", "containerd knows our snapshotter")
            unready = "containerd does not know our snapshotter, or could not reach it when it started"
        case .crio:
            (unit, ready) = ("crio", "CRI-O answers, and its store can read ours")
            unready = "CRI-O stores images by another driver than overlay, and cannot use our layers"
        }
        switch await node.services.runtimeKnowsUs() {
        case .fails(let why): return .bad(lookedAt, why, "systemctl status \(unit)")
        case .says(false):
            return .bad(lookedAt, unready, "imagelet node install, then restart \(unit) behind imagelet")
        case .says(true): return .good(lookedAt, ready)
        }
    }
}
