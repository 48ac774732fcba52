/// An entry's name cut into parts and cleaned lexically under the root: no empty part, no `.`, no `..`, none above the root.
struct EntryPath {
    let bytes: [UInt8]
    private(set) var parts: [Range<Int>] = []

    init(_ name: [UInt8]) {
        bytes = name
        var start = 0
        for position in 0...name.count where position == name.count || name[position] == UInt8(ascii: "/") {
            let part = start..<position
            start = position + 1
            if name[part].isDot || part.isEmpty { continue }
            if name[part].isDotDot {
                if !parts.isEmpty { parts.removeLast() }
            } else {
                parts.append(part)
            }
        }
    }
}

extension ArraySlice<UInt8> {
    var isDot: Bool { count == 1 && first == UInt8(ascii: ".") }
    var isDotDot: Bool { count == 2 && first == UInt8(ascii: ".") && last == UInt8(ascii: ".") }
}

/// A name that says something about lower layers instead of naming a file (OCI image-spec, layer.md, Whiteouts).
enum Mark {
    /// The directory hides all that lower layers have in it.
    case opaque
    /// The name hides what lower layers call so.
    case whiteout(ArraySlice<UInt8>)
    /// Book-keeping of aufs, or a mark without a usable name.
    case ignored

    private static let prefix = Array(".wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)

    /// nil for ordinary names.
    init?(_ name: ArraySlice<UInt8>) {
        guard name.starts(with: Self.prefix) else { return nil }
        let hidden = name.dropFirst(Self.prefix.count)
        if name.elementsEqual(Self.opaqueName) {
            self = .opaque
        } else if hidden.starts(with: Self.prefix) || hidden.isEmpty || hidden.isDot || hidden.isDotDot {
            self = .ignored
        } else {
            self = .whiteout(hidden)
        }
    }
}
