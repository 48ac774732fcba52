import Foundation
internal import OCI
import TestSupport
import Testing

/// What happened to a pod: told by the daemon's own command, in front of containerd as the kubelet drives it.
@Suite(
    "What happened to my pod", .enabled(if: ContainerNode.isPossible, ContainerNode.requirements),
    .timeLimit(.minutes(10)))
struct PodHistoryTests {
    private func explained(_ pod: String, _ node: TestNode) throws -> JSONValue {
        try #require(JSONValue(parsing: try node.check("explain", "--pod", pod, "-o", "json")))
    }

    /// Bytes of a layer for readers, read-ahead, the pull and the fill, in the newest start.
    private func fetched(_ layer: String, _ told: JSONValue) -> [Int64] {
        let layers = told.at("starts").list.first?.at("layers").list ?? []
        let bytes = layers.first { $0.at("digest").text == layer }?.at("fetched") ?? .null
        return ["reader", "readAhead", "pull", "fill"].map { bytes.at($0).number }
    }

    private func seconds(_ value: JSONValue) -> Double {
        if case .number(let number) = value { return number }
        return Double(value.number)
    }

    @Test("A streamed pod is told of: by whom its bytes were fetched, who waited for what; after kill -9, too")
    func streamed() async throws {
        try await withContainerNode("fill: {enabled: false}") { node in
            let imagelet = try #require(node.imagelet)
            let bulk = try TestImage.Layer.gzip(TestImage.bulk(4 << 20))
            try TestImage(layers: [.root(), bulk]).push(to: node.registry, "told")
            try node.index("told")
            let image = node.reference("told")
            try await node.withPod { pod in
                // As the kubelet does: the pull carries the pod's sandbox.
                let request: JSONValue = [
                    "image": ["image": "\(image)", "annotations": ["imagelet.dev/strategy": "stream"]],
                    "sandbox_config": pod.config,
                ]
                _ = try await node.client.call("PullImage", request, at: node.imageSocket)
                // From here on every answer of the registry takes its time: readers wait.
                node.proxy.add(FaultRule(.delay(.milliseconds(200)), path: try bulk.digest))
                let container = try await node.start(image, in: pod)
                try await node.exec("/bin/sh", "-c", "cat /bulk/file5 >/dev/null", in: container)

                let uid = pod.config.at("metadata").at("uid").text
                // Told of twice, by the history and by the layer itself, once nothing is on its way any more.
                let digest = try bulk.digest
                try await eventually("history and layer tell the same bytes") {
                    let counted = try node.report(image)?.at("layers").list.first { $0.at("digest").text == digest }
                    return try fetched(digest, explained(uid, imagelet)).reduce(0, +)
                        == counted?.at("blobFetched").number
                }
                let told = try explained(uid, imagelet)
                let pull = try #require(told.at("pulls").list.first)
                #expect(pull.at("pod").at("uid").text == uid && pull.at("pod").at("namespace").text == "tests")
                #expect(pull.at("strategy").text == "stream" && pull.at("outcome").text == "done")
                #expect(pull.at("reasons").list.first?.text.hasPrefix("requestedByPod") == true)
                #expect(pull.at("index").at("version").text == "v1")
                let moments = ["decided", "mounted", "answered"].map { seconds(pull.at($0)) }
                #expect(moments.allSatisfy { $0 > 0 } && moments == moments.sorted())

                let start = try #require(told.at("starts").list.first)
                #expect(start.at("id") == pull.at("start"))
                let bytes = fetched(digest, told)
                #expect(bytes[0] > 0 && bytes[3] == 0)
                // The registry's proxy saw at least as much asked for.
                let asked = try node.requests(for: bulk, of: "told").filter(\.isOurs).compactMap(\.rangeLength)
                #expect(bytes.reduce(0, +) <= Int64(asked.reduce(0, +)))

                let waits = start.at("waits")
                #expect(waits.at("figures").at("count").number > 0)
                #expect(seconds(waits.at("figures").at("longest")) >= 0.2)
                let files = waits.at("files").list
                #expect(files.contains { $0.at("path").text == "/bulk/file5" })

                let text = try imagelet.check("explain", "--pod", uid)
                #expect(text.contains("/bulk/file5") && text.contains("Readers waited") && text.contains(uid))
                #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })

                // Written behind: within seconds, whatever happens then.
                try await eventually("the history is on the disk") {
                    let database = imagelet.directory + "/root/state.db"
                    let count = try Tool.run([
                        "python3", "-c",
                        "import sqlite3,sys; print(sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True).execute(\"SELECT count(*) FROM history WHERE instr(CAST(document AS TEXT), '/bulk/file5')\").fetchone()[0])",
                        database,
                    ])
                    return String(decoding: count.output, as: UTF8.self) == "1\n"
                }
                try await imagelet.crashAndRestart()
                let again = try explained(uid, imagelet)
                #expect(again.at("pulls").list.first == pull)
                let filesAgain = again.at("starts").list.first?.at("waits").at("files").list ?? []
                #expect(filesAgain.contains { $0.at("path").text == "/bulk/file5" })
                try await node.snapshotterIsReached()
            }
        }
    }

    @Test("Pods of one name are listed; an unknown one is told what to try")
    func names() async throws {
        try await withContainerNode("fill: {enabled: false}") { node in
            let imagelet = try #require(node.imagelet)
            try TestImage(layers: [.root()]).push(to: node.registry, "named")
            for (uid, namespace) in [("uid-1", "one"), ("uid-2", "two")] {
                let request: JSONValue = [
                    "image": ["image": "\(node.reference("named"))"],
                    "sandbox_config": ["metadata": ["name": "web", "uid": "\(uid)", "namespace": "\(namespace)"]],
                ]
                _ = try await node.client.call("PullImage", request, at: node.imageSocket)
            }
            let listed = try imagelet.check("explain", "--pod", "web")
            #expect(listed.hasPrefix("2 pods are called 'web'") && listed.contains("uid-1") && listed.contains("uid-2"))
            let one = try imagelet.check("explain", "--pod", "web", "-n", "one")
            #expect(one.contains("one/web (uid-1)") && !one.contains("uid-2"))
            #expect(one.contains("belowThreshold"))
            let unknown = imagelet.run("explain", "--pod", "nobody")
            #expect(unknown.status == 3)
            #expect(unknown.errors.contains("web") && unknown.errors.contains("imagelet status IMAGE"))
            #expect(imagelet.run("explain", "--pod", "web", "-n", "three").errors.contains("there is"))
            #expect(imagelet.run("explain").status == 2)
        }
    }

    @Test("Layers that were fetched whole have their bytes told as the pull's; the report's page has them")
    func prefetched() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let image = "\(registry.host)/whole:v1"
                let layer = try TestImage.Layer.gzip(TestImage.bulk(2 << 20))
                try TestImage(layers: [layer]).push(to: registry, "whole")
                try node.pull(image, "prefetch")
                let status = try #require(JSONValue(parsing: try node.check("status", image, "-o", "json")))
                let start = try #require(status.at("history").at("starts").list.first)
                let told = start.at("layers").list[0]
                #expect(told.at("fetched").at("pull").number == Int64(layer.blob.count))
                #expect(told.at("fetched").at("reader").number == 0 && start.at("complete") != .null)
                let text = try node.check("status", image)
                #expect(text.contains("Fetched whole before the pull returned"))

                let path = node.directory + "/start.html"
                try node.check("report", image, "--html", path)
                let page = try String(contentsOfFile: path, encoding: .utf8)
                #expect(page.contains(image) && page.contains(Inspection.short(told.at("digest").text)))
                #expect(!page.contains("<script"))
                #expect(node.run("report", "\(registry.host)/unknown:v1", "--html", path).status == 3)
            }
        }
    }

    @Test(
        "A slow registry is seen as waits of a hostile file's readers, and a browser draws them",
        .enabled(if: Browser.isInstalled, "needs chromium"))
    func drawn() async throws {
        try await withTestRegistry { registry in
            let proxy = try FaultyProxy(upstreamPort: registry.port)
            defer { proxy.stop() }
            try await withNode("fill: {enabled: false}") { node in
                let image = "\(proxy.host)/slow:v1"
                try TestImage(layers: [.gzip(TestImage.bulk(2 << 20, name: "<b>bold"))]).push(to: registry, "slow")
                try node.index("\(registry.host)/slow:v1")
                try node.pull(image, "stream")
                proxy.add(FaultRule(.delay(.milliseconds(150)), path: "/blobs/"))
                let slot = try node.inspect(image).layers[0].slot
                for file in ["file1", "file6"] {
                    _ = try await away { [store = node.store] in
                        try Data(contentsOf: URL(fileURLWithPath: "\(store)/\(slot)/<b>bold/\(file)"))
                    }
                }
                let page = try node.check("report", image, "--html", "-")
                #expect(page.contains("/&lt;b&gt;bold/file6") && !page.contains("<b>bold"))
                let (look, complaints) = try Browser().look(
                    at: page,
                    counting: ["#start svg[role=img] rect.wait", "#files tbody tr", "#layers svg[role=img] rect.read"])
                #expect(complaints == [])
                #expect(look.collisions == [])
                #expect(look.cut == [])
                #expect(!look.overflows)
                #expect(
                    (look.counts["#start svg[role=img] rect.wait"] ?? 0) >= 2
                        && (look.counts["#files tbody tr"] ?? 0) >= 2)
                #expect((look.counts["#layers svg[role=img] rect.read"] ?? 0) >= 1)
            }
        }
    }
}

extension Inspection {
    /// The first digits of a digest, as tables show it.
    static func short(_ digest: String) -> String { String(digest.drop { $0 != ":" }.dropFirst().prefix(12)) }
}
