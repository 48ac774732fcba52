internal import LayerFormat

/// The `type` texts of a zTOC (soci.md 1.1).
enum EntryType {
    static func text(_ kind: TarEntry.Kind) -> [UInt8] {
        switch kind {
        case .regular: Array("reg".utf8)
        case .directory: Array("dir".utf8)
        case .symlink: Array("symlink".utf8)
        case .hardlink: Array("hardlink".utf8)
        case .characterDevice: Array("char".utf8)
        case .blockDevice: Array("block".utf8)
        case .fifo: Array("fifo".utf8)
        }
    }

    private static let kinds = TarEntry.Kind.allCases.map { (text: text($0), kind: $0) }

    static func kind(_ text: [UInt8]) throws(LayerFormatError) -> TarEntry.Kind {
        guard let known = kinds.first(where: { $0.text == text }) else {
            let shown = String(decoding: text.prefix(40), as: UTF8.self)
            throw LayerFormatError(.unsupported, "the zTOC has an entry of unknown type '\(shown)'")
        }
        return known.kind
    }
}
