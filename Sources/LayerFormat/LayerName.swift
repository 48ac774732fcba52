/// What a name or a link's text may be (soci.md part 9, rule 3).
enum LayerName {
    static func check(_ name: [UInt8], _ limits: LayerLimits) throws(LayerFormatError) {
        guard name.count <= limits.nameLength else {
            throw LayerFormatError(
                .tooLarge, "a name of \(name.count) bytes; at most \(limits.nameLength) are possible")
        }
        var length = 0
        for byte in name {
            guard byte != 0 else { throw LayerFormatError(.malformed, "a name with a NUL in it") }
            length = byte == UInt8(ascii: "/") ? 0 : length + 1
            guard length <= limits.partLength else {
                throw LayerFormatError(
                    .tooLarge, "the name '\(shown(name))' has a part of more than \(limits.partLength) bytes")
            }
        }
    }

    /// A link's text: parts may have any length, a symlink need not lead anywhere.
    static func checkLink(_ text: [UInt8], _ limits: LayerLimits) throws(LayerFormatError) {
        guard text.count <= limits.nameLength else {
            throw LayerFormatError(
                .tooLarge, "a link's text of \(text.count) bytes; at most \(limits.nameLength) are possible")
        }
        guard !text.contains(0) else { throw LayerFormatError(.malformed, "a link's text with a NUL in it") }
    }

    /// A name as messages show it.
    static func shown(_ name: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in name.prefix(120) {
            if byte >= 32, byte < 127 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }
}
