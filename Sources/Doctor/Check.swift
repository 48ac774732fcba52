package import Config
package import Node

/// One question about a node.
package protocol Check: Sendable {
    var name: String { get }
    func examine(_ node: Surroundings) async -> Diagnosis
}

/// All that a check may look at.
package struct Surroundings: Sendable {
    package var host: any Machine
    package var services: any NodeServices
    /// imagelet's own.
    package var configuration: ImageletConfiguration
    /// For what 'node install' owns.
    package var root: NodeRoot

    package init(
        host: any Machine, services: any NodeServices, configuration: ImageletConfiguration, root: NodeRoot = NodeRoot()
    ) {
        self.host = host
        self.services = services
        self.configuration = configuration
        self.root = root
    }
}

/// Runs checks one after the other.
package struct Examination: Sendable {
    package let checks: [any Check]

    /// - Parameter registry: of an image that was asked for.
    package init(registry: RegistryFacts? = nil) {
        var checks: [any Check] = [
            KernelCheck(), FileSystemsCheck(), FuseDeviceCheck(), PropagationCheck(), DaemonCheck(),
            ImageServiceCheck(),
            StoreCheck(), OpenFilesCheck(), RuntimeCheck(), ContainerdCheck(), StorageCheck(), InstallationCheck(),
            KubeletCheck(),
            CredentialsCheck(), DiskCheck(), ClockCheck(),
        ]
        if let registry {
            checks += [
                RegistryCheck(facts: registry), RangesCheck(facts: registry), ReferrersCheck(facts: registry),
                IndexCheck(facts: registry),
            ]
        }
        self.checks = checks
    }

    package func run(_ node: Surroundings) async -> [Finding] {
        var findings: [Finding] = []
        for check in checks {
            let diagnosis = await check.examine(node)
            findings.append(
                Finding(
                    check: check.name, verdict: diagnosis.verdict, lookedAt: diagnosis.lookedAt, found: diagnosis.found,
                    advice: diagnosis.advice))
        }
        return findings
    }
}
