internal import FoundationEssentials
internal import Yams

extension ImageletConfiguration {
    private static let maximumDropIns = 256

    /// Reads the configuration in force: the file at `path`, and over it each `config.d/*.yaml` beside it, in the
    /// order of their names.
    ///
    /// Maps merge key by key; lists and values replace what was there.
    /// Without `path` it is `defaultPath`, and only then the file may be missing.
    /// - Throws: at the first thing that is wrong, with its file, line and key.
    package static func load(path: String? = nil) throws(ConfigError) -> ImageletConfiguration {
        let main = path ?? defaultPath
        var settings: [Setting] = []
        if path != nil || FileManager.default.fileExists(atPath: main) {
            settings.append(try readFile(main, isMain: true))
        }
        for file in try dropIns(of: main) {
            settings.append(try readFile(file, isMain: false))
        }
        return try configuration(settings)
    }

    /// The configuration that `text` stands for, without drop-ins. `file` is what errors call it.
    package static func parse(_ text: String, file: String) throws(ConfigError) -> ImageletConfiguration {
        try configuration([document(text, file: file, isMain: true)])
    }

    /// The configuration as a file that `load` takes, every key written out.
    package var yaml: String {
        get throws(ConfigError) {
            guard case .map(let entries) = rendering else { return "" }
            let header: [(String, Rendering)] = [
                ("apiVersion", .scalar(Self.apiVersion, isText: true)), ("kind", .scalar(Self.kind, isText: true)),
            ]
            do {
                return try serialize(node: Rendering.map(header + entries).node, width: -1)
            } catch {
                throw ConfigError(.syntax, file: "(rendering)", "cannot be written as YAML: \(error)")
            }
        }
    }

    private static func configuration(_ settings: [Setting]) throws(ConfigError) -> ImageletConfiguration {
        var result = ImageletConfiguration()
        guard let first = settings.first else { return result }
        // Each file by itself first: an error that a later file would paint over is still an error.
        for setting in settings {
            var alone = ImageletConfiguration()
            try setting.fill(&alone)
        }
        let merged = settings.dropFirst().reduce(first) { $0.merged(with: $1) }
        try merged.fill(&result)
        // Nobody means containerd's socket with another runtime.
        if result.sockets.runtime == Runtime.containerd.socket { result.sockets.runtime = result.runtime.socket }
        let sockets = result.sockets
        guard Set([sockets.cri, sockets.admin, sockets.snapshots, sockets.runtime]).count == 4 else {
            throw ConfigError(
                .invalidValue, file: merged.file, key: "sockets",
                "two of cri, admin, snapshots and runtime are the same; allowed: four different paths")
        }
        let providers = result.registries.credentialProviders
        guard (providers.config == nil) == (providers.binDirectory == nil) else {
            throw ConfigError(
                .invalidValue, file: merged.file, key: "registries.credentialProviders",
                "one of config and binDirectory is missing; allowed: both or neither")
        }
        return result
    }

    private static func readFile(_ path: String, isMain: Bool) throws(ConfigError) -> Setting {
        try document(readText(path), file: path, isMain: isMain)
    }

    /// The text of a regular file of bounded size.
    static func readText(_ path: String) throws(ConfigError) -> String {
        let data: Data
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: resolved(path))
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw ConfigError(.unreadable, file: path, "not a regular file")
            }
            data = try Data(contentsOf: URL(filePath: path))
        } catch let error as ConfigError {
            throw error
        } catch {
            let why =
                FileManager.default.fileExists(atPath: path) ? "cannot be read: \(error)" : "there is no such file"
            throw ConfigError(.unreadable, file: path, why)
        }
        guard data.count <= SettingReader.maximumFileSize else {
            throw ConfigError(
                .unreadable, file: path, "larger than \(ByteCount(Int64(SettingReader.maximumFileSize)))")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigError(.unreadable, file: path, "not UTF-8 text")
        }
        return text
    }

    /// Follows symbolic links: Kubernetes mounts configuration maps as links.
    private static func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }

    /// Takes `apiVersion` and `kind` off a file; a drop-in may leave them out, the main file may not.
    private static func document(_ text: String, file: String, isMain: Bool) throws(ConfigError) -> Setting {
        var setting = try SettingReader.read(text, file: file)
        var entries: [Setting.Entry] = []
        if case .map(let written) = setting.content {
            entries = written
        } else if !setting.isNull {
            throw setting.error(.syntax, "found \(setting.summary); allowed: a map with apiVersion, kind and settings")
        }
        for (key, wanted) in [("apiVersion", apiVersion), ("kind", kind)] {
            guard let position = entries.firstIndex(where: { $0.key == key }) else {
                guard isMain else { continue }
                throw setting.error(.unsupportedVersion, "\(key) is missing; write '\(key): \(wanted)'")
            }
            let value = entries.remove(at: position).value
            guard case .scalar(wanted, _) = value.content else {
                throw value.error(.unsupportedVersion, "found \(value.summary); allowed: \(wanted)")
            }
        }
        setting.content = .map(entries)
        return setting
    }

    private static func dropIns(of main: String) throws(ConfigError) -> [String] {
        let directory = URL(filePath: main).deletingLastPathComponent().appending(path: "config.d").path
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw ConfigError(.unreadable, file: directory, "cannot be listed: \(error)")
        }
        let files = names.filter { $0.hasSuffix(".yaml") && !$0.hasPrefix(".") }
        guard files.count <= maximumDropIns else {
            throw ConfigError(.unreadable, file: directory, "\(files.count) files; at most \(maximumDropIns) are read")
        }
        return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(directory)/\($0)" }
    }
}
