package import OCI

/// A pattern over image names: `*` is any run of characters without `/`, `**` any run at all, everything else is
/// itself.
///
/// It must match the whole normalised name (`docker.io/library/python:3.12`, not `python`). A name is tried twice, as
/// it is and without tag and digest, so `registry.example/team/**` and `docker.io/library/python` take every version,
/// and `docker.io/library/python:3.*` only some. Any text is a pattern.
package struct ReferencePattern: Sendable, Hashable, CustomStringConvertible {
    package let text: String
    private let parts: [Part]

    private enum Part: Sendable, Hashable {
        case byte(UInt8)
        case anyInComponent
        case any
    }

    package init(_ text: String) {
        self.text = text
        var parts: [Part] = []
        for byte in text.utf8 {
            switch (byte, parts.last) {
            case (UInt8(ascii: "*"), .anyInComponent): parts[parts.count - 1] = .any
            case (UInt8(ascii: "*"), .any): break
            case (UInt8(ascii: "*"), _): parts.append(.anyInComponent)
            default: parts.append(.byte(byte))
            }
        }
        self.parts = parts
    }

    package var description: String { text }

    package func matches(_ reference: Reference) -> Bool {
        matches(reference.withDefaultTag.description) || matches(reference.repositoryName)
    }

    /// Whether the whole of `name` matches. Work grows with the product of both lengths, whatever the stars.
    func matches(_ name: String) -> Bool {
        // reachable[i]: the first i parts can have consumed all bytes seen so far.
        var reachable = [Bool](repeating: false, count: parts.count + 1)
        reachable[0] = true
        skipStars(&reachable)
        for byte in name.utf8 {
            var next = [Bool](repeating: false, count: parts.count + 1)
            for (index, part) in parts.enumerated() where reachable[index] {
                switch part {
                case .byte(let wanted): if wanted == byte { next[index + 1] = true }
                case .anyInComponent: if byte != UInt8(ascii: "/") { next[index] = true }
                case .any: next[index] = true
                }
            }
            skipStars(&next)
            reachable = next
        }
        return reachable[parts.count]
    }

    /// A star may also stand for nothing.
    private func skipStars(_ reachable: inout [Bool]) {
        for (index, part) in parts.enumerated() where reachable[index] {
            if case .byte = part { continue }
            reachable[index + 1] = true
        }
    }
}
