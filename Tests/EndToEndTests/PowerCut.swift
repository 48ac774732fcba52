import Foundation
import TestSupport

/// Plays a power cut: of every file below a root, what was not synced is lost, or not, block by block, as it comes.
///
/// A library preloaded into the daemon (power_cut.c) keeps what was synced. Names count as they are at the cut; a file that was never
/// synced may be there with any of its blocks.
struct PowerCut {
    private let library: String
    private let shadow: String
    private let root: String

    static var isPossible: Bool { TestNode.isPossible && Tool.isInstalled("clang") }

    init(below directory: String, root: String) throws {
        library = directory + "/power_cut.so"
        shadow = directory + "/shadow"
        self.root = root
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("power_cut.c")
        try Tool.check(["clang", "-shared", "-fPIC", "-o", library, source.path])
        try FileManager.default.createDirectory(atPath: shadow, withIntermediateDirectories: true)
    }

    /// The daemon's environment.
    var environment: [String: String] {
        ["LD_PRELOAD": library, "POWER_CUT_ROOT": root, "POWER_CUT_SHADOW": shadow]
    }

    /// Makes below `place` what a disk might hold of the root. The daemon must be dead; its mount is not looked at.
    func salvage(to place: String, seed: UInt64) throws {
        var random = SplitMix(state: seed)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
            // The log's index is memory; sockets and the mount are no files.
            if ["store", "state.db-shm", "keeper.sock", "lock"].contains(name) { continue }
            let listing = try Tool.check(["find", "\(root)/\(name)", "-exec", "stat", "-c", "%F|%i-%W|%n", "{}", "+"])
            for line in String(decoding: listing, as: UTF8.self).split(separator: "\n") {
                let parts = line.split(separator: "|", maxSplits: 2).map(String.init)
                let path = String(parts[2].dropFirst(root.count + 1))
                switch parts[0] {
                case "directory":
                    try FileManager.default.createDirectory(
                        atPath: "\(place)/\(path)", withIntermediateDirectories: true,
                        attributes: [.posixPermissions: 0o700])
                case "regular file", "regular empty file":
                    try salvage(parts[2], synced: "\(shadow)/\(parts[1])", to: "\(place)/\(path)", &random)
                default: continue
                }
            }
        }
    }

    private func salvage(_ path: String, synced: String, to place: String, _ random: inout SplitMix) throws {
        let now = try Data(contentsOf: URL(fileURLWithPath: path))
        let then = (try? Data(contentsOf: URL(fileURLWithPath: synced))) ?? Data()
        // Everything, nothing, or some of what was not synced got there.
        let share = random.next() % 4
        let isShort = share == 0 || (share != 3 && random.next() % 2 == 0)
        let length = (isShort ? then : now).count
        var result = Data(count: length)
        for start in stride(from: 0, to: length, by: 4096) {
            let isNew = share == 3 || (share != 0 && random.next() % 2 == 0)
            let source = isNew ? now : then
            let end = min(start + 4096, length, source.count)
            if start < end { result.replaceSubrange(start..<end, with: source[start..<end]) }
        }
        try result.write(to: URL(fileURLWithPath: place))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: place)
    }
}
