import Foundation
import TestSupport

extension Torture {
    /// What the node still has after all its images were removed and nothing is mounted; empty if there is nothing.
    func leaks() throws -> [String] {
        var leaks: [String] = []
        if !node.layerDirectories.isEmpty { leaks.append("layers: \(node.layerDirectories)") }
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(node.root)/mounts")
        if !left.isEmpty { leaks.append("mounts: \(left)") }
        // Tables of contents outlive their layers on purpose: the next pull can stream. One a layer, nothing half written.
        let tables = try FileManager.default.contentsOfDirectory(atPath: "\(node.root)/indexes")
        if tables.count > layerCount || tables.contains(where: { $0.wholeMatch(of: /[0-9a-f]{64}(\.ztoc)?/) == nil }) {
            leaks.append("indexes: \(tables)")
        }
        let rows = """
            import sqlite3, sys
            state = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
            for table in ("image", "imageName", "layer", "mount", "mountLayer", "credential"):
                count = state.execute("SELECT count(*) FROM " + table).fetchone()[0]
                if count: print(table, count)
            """
        let found = try Tool.check(["python3", "-c", rows, node.root + "/state.db"])
        if !found.isEmpty { leaks.append("rows: \(String(decoding: found, as: UTF8.self))") }
        let bytes = try Tool.check(["du", "-sxB1", "--exclude=store", "--exclude=indexes", node.root])
        let size = String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber }
        // The database and its log.
        if Int(size) ?? .max > 16 << 20 { leaks.append("\(size) bytes below \(node.root)") }
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n")
        let ours = mounts.filter { $0.contains(node.directory) && !$0.contains(" \(node.store) ") }
        leaks += ours.map { "mount: \($0)" }
        return leaks
    }

    /// What outlives an orderly end that leaves nothing in use; empty if nothing does.
    func remains() throws -> [String] {
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n")
        var remains = mounts.filter { $0.contains(node.directory) }.map { "mount: \($0)" }
        remains += node.keepers.map { "keeper: \($0)" }
        for name in ["cri.sock", "admin.sock"]
        where FileManager.default.fileExists(atPath: "\(node.directory)/\(name)") {
            remains.append("socket: \(name)")
        }
        return remains
    }

    /// How many descriptors the daemon has open.
    func descriptors() throws -> Int {
        let status = try JSONDecoder().decode(Status.self, from: Data(node.check("status", "-o", "json").utf8))
        return try FileManager.default.contentsOfDirectory(atPath: "/proc/\(status.daemon.processId)/fd").count
    }
}
