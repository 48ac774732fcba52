internal import FoundationEssentials
internal import Linux

/// What an installation changed, with what was there before: all that taking it back needs. Kept on the node.
package struct InstallRecord: Sendable, Equatable, Codable {
    /// On the node, beside imagelet's state; whoever removes the package looks at it.
    package static let path = "/var/lib/imagelet/node-install.json"
    private static let longest = 16 << 20

    package struct File: Sendable, Equatable, Codable {
        package var path: String
        package var before: String?
        package var after: String
        /// Permissions before, or of the new file.
        package var mode: UInt32
    }

    /// What was asked for, so that it can be asked for again.
    package var runtime: String
    package var kubelet: Bool
    /// In the order they are written.
    package var files: [File] = []
    /// Units that must be restarted for the changes, or their end, to count.
    package var restarts: [String]
    /// Directories that were made, outermost first.
    package var directories: [String]

    /// - Parameter directories: made by an earlier installation.
    init(of plan: InstallPlan, directories: [String]) {
        runtime = plan.runtime.rawValue
        kubelet = plan.kubelet
        restarts = plan.restarts
        self.directories = directories
    }

    /// What was asked for.
    package var wish: InstallPlan.Wish { InstallPlan.Wish(runtime: RuntimeKind(rawValue: runtime), kubelet: kubelet) }

    func file(_ path: String) -> File? { files.first { $0.path == path } }

    /// Nil if nothing is installed.
    /// - Throws: if there is a record that cannot be read.
    package static func load(from root: NodeRoot) throws(NodeError) -> InstallRecord? {
        let path = root.path(Self.path)
        do {
            guard try Path.exists(path) else { return nil }
            return try JSONDecoder().decode(InstallRecord.self, from: Data(Path.read(path, cap: longest)))
        } catch {
            throw NodeError(.foreign, "\(Self.path), the record of the last installation, cannot be read: \(error)")
        }
    }

    func save(to root: NodeRoot) throws(NodeError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let path = root.path(Self.path)
        do {
            try Directory.create(Path.parent(of: path))
            try Path.replace(path, with: [Array(encoder.encode(self)), [0x0A]])
        } catch {
            throw NodeError(.inaccessible, "the record of the installation cannot be written: \(error)")
        }
    }

    static func remove(from root: NodeRoot) throws(NodeError) {
        do {
            try Path.remove(root.path(Self.path))
        } catch {
            throw NodeError(.inaccessible, "\(error)")
        }
    }
}
