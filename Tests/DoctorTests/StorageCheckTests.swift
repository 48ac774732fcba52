import Config
import Doctor
import Foundation
import Node
import TestSupport
import Testing

@Suite("Checks in front of CRI-O")
struct StorageCheckTests {
    private static let storage = "/etc/containers/storage.conf"

    /// A node on which all is well.
    private func makeNode() throws -> PlayedNode {
        let node = try PlayedNode()
        try node.uninstall()
        try FileManager.default.removeItem(atPath: node.scratch.path + "/usr/bin/containerd")
        try FileManager.default.removeItem(atPath: node.scratch.path + "/etc/containerd")
        try node.write("/usr/bin/crio", "")
        try node.write("/lib/systemd/system/crio.service", "[Unit]\n")
        node.configuration.runtime = .crio
        node.configuration.sockets.runtime = ImageletConfiguration.Runtime.crio.socket
        node.services.facts = .says(DaemonFacts(version: "1", process: 77, runtime: "crio"))
        try Installation(in: node.root).install(try InstallPlan(for: .init(), in: node.root, node.configuration))
        node.host.files["/proc/42/comm"] = "crio\n"
        node.host.files["/proc/42/stat"] =
            "42 (crio) S 1 " + Array(repeating: "0", count: 17).joined(separator: " ") + " 5000 0\n"
        node.host.files["/proc/stat"] = "cpu 1 2\nbtime 1000000\n"
        node.host.times[Self.storage] = 1_000_049
        return node
    }

    private func finding(_ node: PlayedNode, _ check: String) async -> Finding? {
        await node.findings().first { $0.check == check }
    }

    @Test func allIsWell() async throws {
        let findings = try await makeNode().findings()
        for check in ["runtime", "containerd configuration", "storage configuration", "installation"] {
            #expect(findings.first { $0.check == check }?.verdict == .good, "\(check): \(findings)")
        }
    }

    static let faults:
        [(check: String, verdict: Finding.Verdict, says: String, spoil: @Sendable (PlayedNode) throws -> Void)] = [
            ("runtime", .bad, "systemctl status crio", { $0.services.knows = .fails("nobody answers") }),
            ("runtime", .bad, "another driver", { $0.services.knows = .says(false) }),
            (
                "storage configuration", .bad, "node install",
                { try $0.write(storage, "[storage]\ndriver = 'overlay'\n") }
            ),
            ("storage configuration", .bad, "not TOML", { try $0.write(storage, "[storage") }),
            (
                "storage configuration", .bad, "knows nothing of us",
                { try FileManager.default.removeItem(atPath: $0.scratch.path + storage) }
            ),
            (
                "storage configuration", .bad, "do not start",
                { try FileManager.default.removeItem(atPath: $0.scratch.path + "/var/lib/imagelet/images") }
            ),
            (
                "storage configuration", .bad, "replaces it",
                { try $0.write("/etc/crio/crio.conf", "[crio]\nstorage_option = ['overlay.size=1G']\n") }
            ),
            ("storage configuration", .warning, "restart crio", { $0.host.times[storage] = 1_000_051 }),
            ("storage configuration", .note, "no crio", { $0.host.files["/proc/42/comm"] = nil }),
        ]

    @Test(arguments: faults.indices)
    func isFound(place: Int) async throws {
        let fault = Self.faults[place]
        let node = try makeNode()
        try fault.spoil(node)
        let finding = try #require(await finding(node, fault.check))
        #expect(finding.verdict == fault.verdict && (finding.found + finding.advice).contains(fault.says), "\(finding)")
    }
}
