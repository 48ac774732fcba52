import Foundation
import TestSupport
import Testing

@testable import State

/// The daemon is replaced by another version while a container reads.
@Suite("Upgrade", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements), .timeLimit(.minutes(10)))
struct UpgradeTests {
    @Test("Binary replaced, state of an older schema migrated: the container reads on")
    func containerReadsOn() async throws {
        let node = try await ContainerNode(
            "fill: {enabled: false}", link: Link(megabitsPerSecond: 20, roundTrip: .milliseconds(10)))
        defer { node.tearDown() }
        let imagelet = try #require(node.imagelet)
        let layer = try TestImage.Layer.gzip(.assorted(8 << 20, seed: 5, name: "data"))
        try TestImage(layers: [.root(), layer]).push(to: node.registry, "app")
        try node.index("app")
        let image = node.reference("app")
        try await node.pull(image, "stream")
        #expect(try node.report(image)?.at("strategy").text == "stream")

        let scratch = try ScratchDirectory()
        let truth = try LayerTruth(layer, in: scratch.file("truth"))
        try await node.withPod { pod in
            // Ends, and says so, at the first file that cannot be read.
            let loop = "while sha256sum /data/file* /data/small/* >/tmp/sums && echo round; do :; done; echo failed"
            let container = try await node.start(image, ["/bin/sh", "-c", loop], in: pod)
            let rounds = { node.log(in: pod).split(separator: "\n").count { $0.hasSuffix("round") } }
            let reader = TreeReader(
                truth: truth, root: node.containerd.rootfs(of: container), stalls: LongestStall())
            let readers = SteadyReaders(threads: 2) { random in
                do { try reader.readSome(&random) } catch { return "\(error)" }
                return nil
            }
            for (number, schema) in [nil, 3, 2].enumerated() {
                try await readers.progress()
                if number == 0 { try await imagelet.stop() } else { imagelet.crash() }
                imagelet.program = try newVersion(number, in: imagelet.directory)
                if let schema { try rewind(imagelet.root + "/state.db", to: schema) }
                try await imagelet.start()
                #expect(imagelet.daemon.log.contains("mount resumed"))
                #expect(try self.schema(imagelet.root + "/state.db") > 3, "migrated")
                let before = rounds()
                try await eventually("the container goes round") {
                    rounds() > before || node.log(in: pod).contains("failed")
                }
            }
            try await readers.progress()
            #expect(try await readers.end() == [])
            #expect(!node.log(in: pod).contains("failed"))
            try await node.snapshotterIsReached()
            #expect(try node.report(image)?.at("strategy").text == "stream")
        }
    }

    /// Another file with the same program in it: what matters is that nobody counts on the old one.
    private func newVersion(_ number: Int, in directory: String) throws -> String {
        let path = "\(directory)/imagelet-\(number)"
        try FileManager.default.copyItem(atPath: TestNode.binary, toPath: path)
        return path
    }

    /// Gives a database the form it had before later versions: what they added is lost.
    private func rewind(_ path: String, to version: Int) throws {
        let versions = [Migrations.version1, Migrations.version2, Migrations.version3].prefix(version)
        let script = """
            import os, sqlite3, sys
            path, version, application = sys.argv[1], int(sys.argv[2]), sys.argv[3]
            old = sqlite3.connect(path + ".old", isolation_level=None)
            for statement in sys.stdin.read().split(";"): old.execute(statement)
            old.execute("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            old.execute("PRAGMA application_id = " + application)
            old.execute("ATTACH ? AS now", (path,))
            for (table,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
                columns = ", ".join(row[1] for row in old.execute("PRAGMA main.table_info(" + table + ")"))
                old.execute(f"DELETE FROM main.{table}")
                old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
            old.execute("DELETE FROM main.grdb_migrations WHERE CAST(identifier AS INTEGER) > ?", (version,))
            old.close()
            for suffix in ("-wal", "-shm"):
                if os.path.exists(path + suffix): os.remove(path + suffix)
            os.rename(path + ".old", path)
            """
        try Tool.check(
            ["python3", "-c", script, path, "\(version)", "\(Migrations.applicationID)"],
            input: Array(versions.joined().joined(separator: ";\n").utf8))
        #expect(try schema(path) == version)
    }

    private func schema(_ path: String) throws -> Int {
        let script = """
            import sqlite3, sys
            state = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
            print(state.execute("SELECT max(CAST(identifier AS INTEGER)) FROM grdb_migrations").fetchone()[0])
            """
        let text = String(decoding: try Tool.check(["python3", "-c", script, path]), as: UTF8.self)
        return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
