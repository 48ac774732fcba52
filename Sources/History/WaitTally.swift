internal import OCI

/// How readers waited in a start: all together, and file by file for those that cost most.
package struct WaitTally: Sendable, Equatable, Codable {
    package private(set) var figures = WaitFigures()
    /// When the first of them began to wait.
    package private(set) var first: Moment?
    /// Files that made readers wait longest, in no order.
    package private(set) var files: [FileWaits] = []
    /// What is not in `files`.
    package private(set) var others = WaitFigures()

    package init() {}

    /// The files, those that cost most first.
    package var slowest: [FileWaits] {
        files.sorted { ($1.figures.sum, $0.node) < ($0.figures.sum, $1.node) }
    }

    /// A file that is new takes the place of the one that cost least, if it costs more.
    mutating func note(_ wait: Wait, layer: Digest, node: UInt32) {
        figures.note(wait)
        first = min(first ?? wait.from, wait.from)
        if let known = files.firstIndex(where: { $0.node == node && $0.layer == layer }) {
            return files[known].note(wait)
        }
        var file = FileWaits(layer: layer, node: node)
        file.note(wait)
        guard files.count >= Limits.files else { return files.append(file) }
        guard let least = files.indices.min(by: { files[$0].figures.sum < files[$1].figures.sum }),
            files[least].figures.sum < file.figures.sum
        else { return others.note(wait) }
        others = others + files[least].figures
        files[least] = file
    }

    /// Layers with files whose paths are not known, and these files' numbers.
    var unnamed: [Digest: Set<UInt32>] {
        files.reduce(into: [:]) { if $1.path == nil { $0[$1.layer, default: []].insert($1.node) } }
    }

    /// - Returns: whether one of the files is among them.
    mutating func name(_ paths: [UInt32: String], in layer: Digest) -> Bool {
        var isNews = false
        for index in files.indices where files[index].layer == layer && files[index].path == nil {
            guard let path = paths[files[index].node] else { continue }
            files[index].path = Limits.cut(path)
            isNews = true
        }
        return isNews
    }
}
