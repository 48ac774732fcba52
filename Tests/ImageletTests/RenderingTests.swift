import ArgumentParser
import GRPC
import OCI
import Testing

@testable import imagelet

@Suite("What commands print")
struct RenderingTests {
    private static var images: [ListedImage] {
        var shell = CRIImage()
        shell.id = "sha256:0123456789abcdef"
        shell.repoTags = ["docker.io/library/shell:1", "localhost:5000/shell:2"]
        shell.repoDigests = ["localhost:5000/shell@sha256:fedcba98765432100000"]
        shell.size = 3 << 20
        shell.uid.value = 0
        var nameless = CRIImage()
        nameless.id = "sha256:aaaaaaaaaaaaaaaa"
        nameless.repoDigests = ["example.org/x@sha256:bbbbbbbbbbbbbbbb"]
        nameless.size = 1
        nameless.username = "www"
        return [ListedImage(nameless), ListedImage(shell)]
    }

    private static func print(_ arguments: String...) throws -> String {
        try #require(try Imagelet.parseAsRoot(["images"] + arguments) as? ImagesCommand).rendered(images)
    }

    @Test("images as a table")
    func imagesTable() throws {
        #expect(
            try Self.print() == """
                IMAGE                    TAG     IMAGE ID         SIZE
                docker.io/library/shell  1       0123456789ab  3.0 MiB
                localhost:5000/shell     2       0123456789ab  3.0 MiB
                example.org/x            <none>  aaaaaaaaaaaa      1 B

                """)
    }

    @Test("images with digests")
    func imagesDigests() throws {
        #expect(
            try Self.print("--digests") == """
                IMAGE                    TAG     DIGEST        IMAGE ID         SIZE
                docker.io/library/shell  1       <none>        0123456789ab  3.0 MiB
                localhost:5000/shell     2       fedcba987654  0123456789ab  3.0 MiB
                example.org/x            <none>  bbbbbbbbbbbb  aaaaaaaaaaaa      1 B

                """)
    }

    @Test("images as ids")
    func imagesQuiet() throws {
        #expect(try Self.print("-q") == "sha256:0123456789abcdef\nsha256:aaaaaaaaaaaaaaaa\n")
    }

    @Test("images as JSON")
    func imagesJSON() throws {
        let text = try Self.print("-o", "json")
        #expect(
            JSONValue(parsing: text)
                == .array([
                    .object([
                        "id": .string("sha256:0123456789abcdef"),
                        "repoTags": .array([.string("docker.io/library/shell:1"), .string("localhost:5000/shell:2")]),
                        "repoDigests": .array([.string("localhost:5000/shell@sha256:fedcba98765432100000")]),
                        "size": .integer(3 << 20), "uid": .integer(0), "pinned": .bool(false),
                    ]),
                    .object([
                        "id": .string("sha256:aaaaaaaaaaaaaaaa"), "repoTags": .array([]),
                        "repoDigests": .array([.string("example.org/x@sha256:bbbbbbbbbbbbbbbb")]), "size": .integer(1),
                        "username": .string("www"), "pinned": .bool(false),
                    ]),
                ]))
    }

    private static var status: AdminStatusResponse {
        var layer = AdminLayerStatus()
        layer.digest = "sha256:111111111111ffff"
        layer.slot = 7
        layer.state = .streaming
        (layer.contentPresent, layer.contentSize) = (25, 100)
        (layer.blobFetched, layer.blobSize) = (1 << 20, 4 << 20)
        (layer.segmentsPresent, layer.segmentCount) = (1, 4)
        layer.waitingReaders = 2
        var complete = layer
        complete.digest = "sha256:222222222222ffff"
        complete.slot = 12
        complete.state = .complete
        (complete.contentPresent, complete.blobFetched, complete.segmentCount) = (100, 4 << 20, 0)
        complete.waitingReaders = 0
        var image = AdminImageStatus()
        image.id = "sha256:0123456789abcdef"
        image.names = ["example.org/a:1", "example.org/a@sha256:fe"]
        image.strategy = "stream"
        image.reasons = ["indexFound: an index covers 2 of 2 layers"]
        image.layers = [layer, complete]
        var answer = AdminStatusResponse()
        answer.daemon.version = "0.1"
        answer.daemon.processID = 42
        answer.daemon.uptimeSeconds = 3600
        answer.daemon.runtime = "none"
        answer.daemon.directory = "/var/lib/imagelet"
        answer.daemon.cacheBytes = 5 << 20
        answer.daemon.cacheInodes = 9
        answer.images = [image]
        var mount = AdminMountStatus()
        mount.id = "m"
        mount.imageID = image.id
        mount.target = "/mnt"
        answer.mounts = [mount]
        return answer
    }

    private static func printStatus(_ arguments: String...) throws -> String {
        try #require(try Imagelet.parseAsRoot(["status"] + arguments) as? StatusCommand).rendered(status)
    }

    @Test("the status of everything")
    func overview() throws {
        #expect(
            try Self.printStatus() == """
                imagelet 0.1, process 42, up 1h00m, runtime none
                /var/lib/imagelet: 5.0 MiB in 9 files

                IMAGE            IMAGE ID      STRATEGY  LOCAL  FETCHED     SIZE  WAITING
                example.org/a:1  0123456789ab  stream      62%  5.0 MiB  8.0 MiB        2

                MOUNTED AT  IMAGE ID
                /mnt        0123456789ab

                """)
    }

    @Test("the status of a node that is short of space")
    func shortOfSpace() throws {
        var answer = Self.status
        (answer.images, answer.mounts) = ([], [])
        answer.daemon.cache.maxBytes = 4 << 20
        answer.daemon.cache.fillWaits = true
        answer.daemon.cache.shortages = ["layers take 5 MiB of 4 MiB (cache.maxBytes)"]
        answer.daemon.cache.fullDisk = "segment 3 of layer sha256:11 could not be written"
        let report = StatusReport(answer)
        #expect(
            report.daemon.cache.complaints(now: 125).first
                == """
                disk full for 2m05s: segment 3 of layer sha256:11 could not be written; what is read is still answered; \
                free space, or see 'imagelet gc --dry-run'
                """)
        let lines = try report.overview.split(separator: "\n").map(String.init)
        #expect(lines[1] == "/var/lib/imagelet: 5.0 MiB in 9 files, at most 4.0 MiB")
        #expect(
            Array(lines[3...]) == [
                "short of space: layers take 5 MiB of 4 MiB (cache.maxBytes)",
                "background fills wait until there is more space",
            ])
    }

    @Test("the status of an image")
    func details() throws {
        #expect(
            try Self.printStatus("example.org/a:1") == """
                example.org/a:1
                  also: example.org/a@sha256:fe
                  id: sha256:0123456789abcdef
                  strategy: stream
                  reason: indexFound: an index covers 2 of 2 layers

                SLOT  LAYER         STATE      LOCAL  SEGMENTS  FETCHED     SIZE  WAITING
                   7  111111111111  streaming    25%       1/4  1.0 MiB  4.0 MiB        2
                  12  222222222222  complete    100%         -  4.0 MiB  4.0 MiB        0

                """)
    }

    @Test("the status as JSON has numbers for numbers")
    func statusJSON() throws {
        guard case .object(let report)? = JSONValue(parsing: try Self.printStatus("-o", "json")),
            case .object(let daemon)? = report["daemon"], case .array(let images)? = report["images"],
            case .object(let image)? = images.first, case .array(let layers)? = image["layers"],
            case .object(let layer)? = layers.first
        else {
            Issue.record("the report has not the shape it should have")
            return
        }
        #expect(daemon["cacheBytes"] == .integer(5 << 20))
        #expect(image["strategy"] == .string("stream"))
        #expect(layer["state"] == .string("streaming"))
        #expect(layer["contentPresent"] == .integer(25))
    }

    @Test("an inspection shows the documents of the answer as JSON")
    func inspection() throws {
        var answer = CRIImageStatusResponse()
        answer.image.id = "sha256:1"
        answer.info = ["info": #"{"imageSpec":{}}"#, "note": "plain text"]
        let text = try JSONText.of(Inspection(answer))
        guard case .object(let inspection)? = JSONValue(parsing: text) else {
            Issue.record("not an object: \(text)")
            return
        }
        #expect(
            inspection["info"]
                == .object(["info": .object(["imageSpec": .object([:])]), "note": .string("plain text")]))
    }
}
