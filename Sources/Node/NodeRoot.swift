internal import Linux

/// The file system of a node: this machine's, or one mounted at a directory to build an image of.
package struct NodeRoot: Sendable {
    /// Configuration files are far smaller.
    static let longestFile = 1 << 20

    /// Without a slash at the end; empty for this machine.
    private let directory: String

    /// - Parameter directory: where the node's `/` is.
    package init(_ directory: String = "/") {
        self.directory = directory.last == "/" ? String(directory.dropLast()) : directory
    }

    /// Whether it is this machine, whose services can be asked and restarted.
    package var isThisMachine: Bool { directory.isEmpty }

    /// Where a file of the node is for us.
    package func path(_ path: String) -> String { directory + path }

    /// Whether the node has a file or directory of this name.
    package func exists(_ path: String) -> Bool { (try? Path.exists(self.path(path))) ?? false }

    /// Names in a directory of the node, sorted; none if there is no such directory.
    package func names(in path: String) -> [String] { (try? Directory.entries(of: self.path(path))) ?? [] }

    /// The text of a file; nil if there is none.
    /// - Throws: if it is there, but is no regular file, too long, or not UTF-8.
    package func text(_ path: String) throws(NodeError) -> String? {
        let place = self.path(path)
        do {
            guard try Path.exists(place) else { return nil }
            guard try FileStatus(place).kind == .regular else {
                throw NodeError(.foreign, "\(path) is not a regular file; it is left to whoever made it so")
            }
            let bytes = try Path.read(place, cap: Self.longestFile)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw NodeError(.foreign, "\(path) is not UTF-8 text")
            }
            return text
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(.inaccessible, "\(error)")
        }
    }
}
