import Foundation
import TestSupport
import Testing

/// `imagelet index` without a daemon: from registries and from OCI layouts.
@Suite("Indexes", .enabled(if: TestNode.isPossible, "needs root, /dev/fuse and docker-registry"))
struct IndexTests {
    private func run(_ environment: [String] = [], _ arguments: String...) throws -> Tool.Output {
        try Tool.run(["env"] + environment + [TestNode.binary] + arguments)
    }

    /// Writes an OCI layout of one gzip layer by the project's own script.
    private func makeLayout(_ layer: TestImage.Layer, in scratch: ScratchDirectory) throws -> String {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../hack/oci-layout").standardizedFileURL.path
        let blob = try scratch.write(layer.blob, to: "layer.tar.gz")
        try Tool.check(["python3", script, scratch.file("layout"), "v1", blob])
        return scratch.file("layout")
    }

    @Test func aLayerHasOneTableWhateverTheZoneAndTheSource() async throws {
        let layer = try TestImage.Layer.gzip(.oddities())
        let scratch = try ScratchDirectory()
        let layout = try makeLayout(layer, in: scratch)
        var outputs: [[UInt8]] = []
        for zone in ["UTC", "Asia/Kathmandu", "America/St_Johns"] {
            let output = try run(
                ["TZ=\(zone)"], "index", "build", "oci:\(layout):v1", "--min-layer-size", "0", "--span-size", "8192",
                "--output", scratch.file("index-\(outputs.count)"))
            #expect(output.status == 0, "\(output.errors)")
            outputs.append(output.output)
        }
        #expect(Set(outputs).count == 1)
    }

    @Test func anIndexIsListedInspectedAndVerified() async throws {
        try await withTestRegistry { registry in
            let scratch = try ScratchDirectory()
            let image = "\(registry.host)/indexed:v1"
            try TestImage(layers: [.gzip(TestImage.bulk(1 << 19))]).push(to: registry, "indexed")
            #expect(try run([], "index", "inspect", image).status == 3, "there is none yet")
            let built = try run(
                [], "index", "build", image, "--min-layer-size", "0", "--span-size", "16384", "--output",
                scratch.file("i"))
            #expect(built.status == 0, "\(built.errors)")
            #expect(try run([], "index", "push", image, "--from", scratch.file("i")).output == built.output)
            // Pushing again changes nothing.
            #expect(try run([], "index", "push", image, "--from", scratch.file("i")).output == built.output)
            let listed = try run([], "index", "list", image, "-o", "json")
            #expect(
                String(decoding: listed.output, as: UTF8.self).components(separatedBy: "\"isUsed\" : true").count == 2)
            #expect(try run([], "index", "inspect", image).status == 0)
            let verified = try run([], "index", "verify", image)
            #expect(verified.status == 0, "\(verified.errors)")
            #expect(String(decoding: verified.output, as: UTF8.self).contains("right, byte for byte"))
        }
    }

    /// An index of another layer that claims to be of this one: the pull does without it, and `verify` says what is wrong.
    @Test func aLyingIndexIsFoundOut() async throws {
        try await withTestRegistry { registry in
            try await withNode { node in
                let honest = try TestImage.Layer.gzip(TestImage.bulk(1 << 18))
                let other = try TestImage.Layer.gzip(TestImage.bulk(1 << 18, seed: 99))
                let manifest = try TestImage(layers: [honest]).push(to: registry, "lied")
                let otherImage = "\(registry.host)/other:v1"
                try TestImage(layers: [other]).push(to: registry, "other")
                try node.check(
                    "index", "build", otherImage, "--output", node.directory + "/i", "--min-layer-size", "0",
                    "--span-size",
                    "16384")
                try publish(node.directory + "/i", of: other, as: honest, subject: manifest, registry)
                let image = "\(registry.host)/lied:v1"
                try node.pull(image, "stream")
                let seen = try node.inspect(image)
                #expect(seen.layers[0].state == "complete", "the layer was prefetched, since its table is refused")
                #expect(node.run("index", "verify", image).status == 1)
            }
        }
    }

    /// Puts an index under the fallback tag of `subject` whose table was made of `other` but is listed for `honest`.
    private func publish(
        _ layout: String, of other: TestImage.Layer, as honest: TestImage.Layer, subject: String,
        _ registry: TestRegistry
    ) throws {
        let blobs = layout + "/blobs/sha256/"
        for name in try FileManager.default.contentsOfDirectory(atPath: blobs) {
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: blobs + name)))
            let text = String(decoding: bytes, as: UTF8.self)
            guard text.hasPrefix("{"), text.contains("com.amazon.soci.image-layer-digest") else {
                try registry.push(blob: bytes, to: "lied")
                continue
            }
            let forged = text.replacing(
                try TestRegistry.digest(of: other.blob), with: try TestRegistry.digest(of: honest.blob))
            let type = "application/vnd.oci.image.manifest.v1+json"
            let digest = try registry.push(manifest: Array(forged.utf8), mediaType: type, to: "lied")
            let index = """
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"\(type)",\
                "digest":"\(digest)","size":\(forged.utf8.count),\
                "artifactType":"application/vnd.amazon.soci.index.v1+json"}]}
                """
            try registry.push(
                manifest: Array(index.utf8), mediaType: "application/vnd.oci.image.index.v1+json", to: "lied",
                tag: subject.replacing(":", with: "-"))
        }
    }
}
