internal import Config
internal import Node

/// Whether CRI-O is told of our listing, and has read that since.
struct StorageCheck: Check {
    let name = "storage configuration"

    func examine(_ node: Surroundings) async -> Diagnosis {
        guard node.configuration.runtime == .crio else {
            let runtime = node.configuration.runtime.rawValue
            return .good("runtime in the configuration", "\(runtime): containers/storage needs to know nothing of us")
        }
        let setup = StorageSetup(node.root, node.configuration)
        do {
            if let fault = try setup.fault() { return .bad(setup.path, fault.what, fault.advice) }
        } catch {
            return .bad(setup.path, error.message, "CRI-O itself may not start with it")
        }
        guard let started = node.host.startTime(of: "crio") else {
            return .note(setup.path, "whole; no crio runs here")
        }
        if let changed = node.host.modificationTime(of: setup.path), changed > started {
            return .warning(
                setup.path, "changed since CRI-O was started, which reads it then", "systemctl restart crio")
        }
        return .good(setup.path, "names \(setup.listing)")
    }
}

extension Machine {
    /// When the process with this name was started, in seconds since 1970; of several any. Nil if there is none.
    fileprivate func startTime(of name: String) -> Int64? {
        let process = names(in: "/proc").first { $0.first?.isNumber == true && text("/proc/\($0)/comm") == name + "\n" }
        guard let process, let status = text("/proc/\(process)/stat"), let machine = text("/proc/stat") else {
            return nil
        }
        // proc_pid_stat(5): the name, in parentheses, may hold anything; the start time is field 22, the state behind the name field 3.
        let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
        let boot = machine.split(separator: "\n").first { $0.hasPrefix("btime ") }?.dropFirst("btime ".count)
        guard fields.count > 19, let ticks = Int64(fields[19]), let boot = boot.flatMap({ Int64($0) }) else {
            return nil
        }
        return boot + ticks / Self.ticksPerSecond
    }

    /// What the kernel counts in towards programs: 100 on every machine that Swift knows.
    private static var ticksPerSecond: Int64 { 100 }
}
