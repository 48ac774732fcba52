import Foundation

extension TestRegistry {
    /// Puts a blob into an open, plain registry, past all code under test; returns its digest.
    @discardableResult
    package func push(blob: [UInt8], to repository: String) throws -> String {
        let digest = try Self.digest(of: blob)
        let started = try ask("POST", "/v2/\(repository)/blobs/uploads/")
        guard started.status == 202, let location = started.value(of: "Location"),
            let target = URLComponents(string: location)
        else { throw ChildProcess.Failed(description: "no upload: \(started.startLine)") }
        let query = (target.percentEncodedQuery.map { $0 + "&" } ?? "") + "digest=\(digest)"
        let ended = try ask("PUT", target.percentEncodedPath + "?" + query, body: blob)
        guard ended.status == 201 else { throw ChildProcess.Failed(description: "no blob: \(ended.startLine)") }
        return digest
    }

    /// Puts a manifest or an index under a tag, or under its digest if `tag` is nil; returns its digest.
    @discardableResult
    package func push(
        manifest: [UInt8], mediaType: String, to repository: String, tag: String? = nil
    ) throws -> String {
        let digest = try Self.digest(of: manifest)
        let answer = try ask(
            "PUT", "/v2/\(repository)/manifests/\(tag ?? digest)", [("Content-Type", mediaType)], body: manifest)
        guard answer.status == 201 else { throw ChildProcess.Failed(description: "no manifest: \(answer.startLine)") }
        return digest
    }

    /// Digests of all blobs, manifests and indexes that have been pushed to a repository.
    package func content(of repository: String) throws -> Set<String> {
        let files = "\(directory)/data/docker/registry/v2/repositories/\(repository)"
        let names = try ["_layers", "_manifests/revisions"].flatMap {
            try FileManager.default.contentsOfDirectory(atPath: "\(files)/\($0)/sha256")
        }
        return Set(names.map { "sha256:" + $0 })
    }

    /// `sha256:…` by the coreutils.
    package static func digest(of bytes: [UInt8]) throws -> String {
        let path = NSTemporaryDirectory() + "imagelet-test-digest-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return "sha256:" + (try ChildProcess.run(["sha256sum", path])).prefix(64)
    }

    private func ask(
        _ method: String, _ target: String, _ lines: [(name: String, value: String)] = [], body: [UInt8] = []
    ) throws -> WireHead {
        let connection = try Connection(port: port)
        defer { connection.close() }
        var head = WireHead(startLine: "\(method) \(target) HTTP/1.1", lines: lines)
        head.set("Host", host)
        head.set("Content-Length", String(body.count))
        try connection.write(head.bytes + body)
        guard let answer = try WireHead(from: connection) else { throw Connection.Closed() }
        return answer
    }
}
