internal import Config
internal import Node

/// Whether containerd is told all that it must be told.
struct ContainerdCheck: Check {
    let name = "containerd configuration"

    func examine(_ node: Surroundings) async -> Diagnosis {
        guard node.configuration.runtime == .containerd else {
            let runtime = node.configuration.runtime.rawValue
            return .good("runtime in the configuration", "\(runtime): containerd needs to know nothing of us")
        }
        let setup = ContainerdSetup(node.root, sockets: node.configuration.sockets)
        let lookedAt = setup.path
        do {
            guard let fault = try setup.fault() else { return .good(lookedAt, "whole") }
            return fault.isDeadly
                ? .bad(lookedAt, fault.what, fault.advice) : .warning(lookedAt, fault.what, fault.advice)
        } catch {
            return .bad(lookedAt, error.message, "containerd itself may not start with it")
        }
    }
}

/// Whether what 'node install' wrote is still there.
struct InstallationCheck: Check {
    let name = "installation"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = InstallRecord.path
        do {
            guard let record = try InstallRecord.load(from: node.root) else {
                guard node.configuration.runtime == .none else {
                    return .note(lookedAt, "not set up by 'imagelet node install'", "")
                }
                return .good(lookedAt, "not set up in front of a runtime")
            }
            var gone: [String] = []
            for file in record.files {
                if try node.root.text(file.path) != file.after { gone.append(file.path) }
            }
            guard gone.isEmpty else {
                return .bad(
                    lookedAt, "changed since: \(gone.joined(separator: ", "))",
                    "imagelet doctor --fix writes them again, if they are as they were before the installation")
            }
            return .good(lookedAt, "\(record.files.count) files, all as they were written")
        } catch {
            return .bad(lookedAt, error.message, "put it back from a backup, or set containerd back by hand")
        }
    }
}

/// Whether the kubelet that runs asks us.
struct KubeletCheck: Check {
    let name = "kubelet"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let lookedAt = "the kubelet's command line and configuration"
        let wanted = "unix://" + node.configuration.sockets.cri
        // Names first: a command line is in the process's memory, which may have to be waited for.
        let process = node.host.names(in: "/proc").first { number in
            number.first?.isNumber == true && node.host.text("/proc/\(number)/comm") == "kubelet\n"
        }
        guard let process, let line = node.host.text("/proc/\(process)/cmdline") else {
            return .note(lookedAt, "no kubelet runs here")
        }
        let words = line.split(separator: "\0").map(String.init)
        let endpoints = endpoints(of: words, node.host)
        guard let endpoint = endpoints.first else {
            return .warning(
                lookedAt, "it asks the runtime for images: pods' annotations and credentials do not reach imagelet",
                "imagelet node install --kubelet")
        }
        guard endpoint == wanted else {
            return .bad(
                lookedAt, "it asks \(endpoint) for images, not \(wanted)", "take that out, or set sockets.cri to it")
        }
        return .good(lookedAt, "it asks \(endpoint) for images")
    }

    /// Where it asks for images; the first counts: flags before drop-ins, the last of these first, before the file.
    private func endpoints(of words: [String], _ host: any Machine) -> [String] {
        var result: [String] = []
        if let flag = value(of: "--image-service-endpoint", in: words) { result.append(flag) }
        var files: [String] = []
        if let directory = value(of: "--config-dir", in: words) {
            files += host.names(in: directory).filter { $0.hasSuffix(".conf") }.reversed().map { "\(directory)/\($0)" }
        }
        if let file = value(of: "--config", in: words) { files.append(file) }
        for file in files {
            for line in (host.text(file) ?? "").split(separator: "\n") {
                // YAML or JSON; either way one key a line.
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].filter({ !" \"{".contains($0) }) == "imageServiceEndpoint" else {
                    continue
                }
                result.append(String(parts[1].filter { !" \",}".contains($0) }))
            }
        }
        return result.filter { !$0.isEmpty }
    }

    private func value(of flag: String, in words: [String]) -> String? {
        for (place, word) in words.enumerated() {
            if word.hasPrefix(flag + "=") { return String(word.dropFirst(flag.count + 1)) }
            if word == flag, place + 1 < words.count { return words[place + 1] }
        }
        return nil
    }
}

/// Whether the kubelet's plugins could be asked for credentials.
struct CredentialsCheck: Check {
    let name = "credentials"

    func examine(_ node: Surroundings) async -> Diagnosis {
        let providers = node.configuration.registries.credentialProviders
        guard let path = providers.config, let directory = providers.binDirectory else {
            return .note(
                "registries.credentialProviders",
                "not configured: images stay readable as long as the credentials of their pull live",
                "if the kubelet has --image-credential-provider-config, give imagelet the same two paths")
        }
        do {
            let file = try CredentialProviderFile.read(path)
            let programs = node.host.names(in: directory)
            let missing = file.providers.map(\.name).filter { !programs.contains($0) }
            guard missing.isEmpty else {
                return .bad(path, "no program \(missing.joined(separator: ", ")) in \(directory)", "check binDirectory")
            }
            return .good(path, "\(file.providers.count) providers, whose programs are there")
        } catch {
            return .bad(path, error.message, "mend it, or take it out of the configuration")
        }
    }
}
