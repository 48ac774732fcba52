internal import Config

/// Where and how the kubelet is told about us (specs/node-install.md 3).
struct KubeletPlan {
    /// The variable by which an operator gives kubeadm's kubelet flags; it survives upgrades.
    static let variable = "KUBELET_EXTRA_ARGS"
    static let flag = "--image-service-endpoint"
    private static let units = [
        "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ]

    let files: PlanFiles
    let configuration: ImageletConfiguration

    private var endpoint: String { "unix://" + configuration.sockets.cri }

    /// - Throws: if there is no kubelet, or none that reads anything of ours.
    func changes() throws(NodeError) -> [FileChange] {
        let unit = try unitLines()
        guard !unit.isEmpty else {
            throw NodeError(
                .notFound, "no kubelet.service here; install without --kubelet, or install the kubelet first")
        }
        if unit.contains(where: { $0.contains(Self.flag) }) {
            throw NodeError(.foreign, "kubelet.service has \(Self.flag) already; take it out first")
        }
        if let directory = option("--config-dir", in: unit) { return [try dropIn(in: directory)] }
        guard unit.contains(where: { $0.hasPrefix("ExecStart=") && $0.contains("$" + Self.variable) }),
            let file = operatorsFile(of: unit)
        else {
            throw NodeError(
                .unsupported,
                "kubelet.service reads neither a --config-dir nor \(Self.variable) from a file; install without --kubelet and give it \(Self.flag)=\(endpoint)"
            )
        }
        return [try variableSet(in: file)]
    }

    private func dropIn(in directory: String) throws(NodeError) -> FileChange {
        try files.new(
            "\(directory)/90-imagelet.conf",
            """
            # \(ContainerdPlan.heading[0])
            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            imageServiceEndpoint: \(endpoint)

            """)
    }

    /// A file of `VARIABLE=value` lines (systemd.exec(5), EnvironmentFile=), the last of which counts.
    private func variableSet(in file: String) throws(NodeError) -> FileChange {
        let text = try files.text(file)
        guard let text, !text.isEmpty else {
            return FileChange(file, before: text, after: "\(Self.variable)=\(Self.flag)=\(endpoint)\n")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let place = lines.lastIndex(where: { $0.hasPrefix(Self.variable + "=") }) else {
            let block = MarkedBlock(lines: ["\(Self.variable)=\(Self.flag)=\(endpoint)"]).text
            lines.insert(contentsOf: block, at: lines.last?.isEmpty == true ? lines.count - 1 : lines.count)
            return FileChange(file, before: text, after: lines.joined(separator: "\n"))
        }
        let line = lines[place]
        guard !line.contains(Self.flag) else {
            throw NodeError(.foreign, "\(file) has \(Self.flag) already; take it out first")
        }
        var value = line.dropFirst(Self.variable.count + 1)
        let quote = value.first.flatMap { $0 == "\"" || $0 == "'" ? $0 : nil }
        if let quote {
            guard value.count > 1, value.last == quote else { throw unreadable(file) }
            value = value.dropFirst().dropLast()
        }
        guard !value.contains("\\"), !value.contains("\""), !value.contains("'") else { throw unreadable(file) }
        let mark = String(quote ?? "\"")
        let flags = (value.isEmpty ? "" : value + " ") + "\(Self.flag)=\(endpoint)"
        lines.replaceSubrange(
            place...place,
            with: MarkedBlock(replaced: [line], lines: ["\(Self.variable)=\(mark)\(flags)\(mark)"]).text)
        return FileChange(file, before: text, after: lines.joined(separator: "\n"))
    }

    private func unreadable(_ file: String) -> NodeError {
        NodeError(
            .foreign,
            "\(Self.variable) in \(file) is quoted in a way that is not understood; add \(Self.flag)=\(endpoint) by hand"
        )
    }

    /// The lines of kubelet.service and its drop-ins.
    private func unitLines() throws(NodeError) -> [String] {
        var lines: [String] = []
        for directory in Self.units {
            var paths = ["\(directory)/kubelet.service"]
            paths += files.matches("\(directory)/kubelet.service.d/*.conf")
            for path in paths where files.root.exists(path) {
                lines += try (files.text(path) ?? "").split(separator: "\n").map(String.init)
            }
        }
        return lines
    }

    /// The value of a flag, on the command line or in a variable set by the unit.
    private func option(_ name: String, in lines: [String]) -> String? {
        for line in lines where !line.hasPrefix("#") {
            let words = line.split { " \t\"'".contains($0) }.map(String.init)
            for (place, word) in words.enumerated() {
                if let range = word.firstRange(of: name + "="), word[range.upperBound...].hasPrefix("/") {
                    return String(word[range.upperBound...])
                }
                if word == name, place + 1 < words.count, words[place + 1].hasPrefix("/") { return words[place + 1] }
            }
        }
        return nil
    }

    /// The file in which an operator sets variables: not kubeadm's own, which it rewrites.
    private func operatorsFile(of lines: [String]) -> String? {
        let known = ["/etc/default/kubelet", "/etc/sysconfig/kubelet"]
        return lines.compactMap { line -> String? in
            guard line.hasPrefix("EnvironmentFile=") else { return nil }
            let path = line.dropFirst("EnvironmentFile=".count).drop { $0 == "-" }
            return known.first { $0 == path }
        }.first
    }
}
