/// The parts of an image name as regular sets over bytes (registry.md 1). Names are ASCII; anything else is refused.
enum ReferenceGrammar {
    /// Whether `text` is an image id: 64 hex digits, alone or after `sha256:`.
    static func isImageID(_ text: String) -> Bool {
        let hex = text.hasPrefix("sha256:") ? text.dropFirst(7) : text[...]
        return hex.utf8.count == 64 && hex.utf8.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) }
    }

    /// Splits off the registry host: the part before the first `/`, if it looks like one (has `.`, `:` or an upper-case
    /// letter, or is `localhost`). Without one the host is `docker.io`.
    static func splitHost(_ text: Substring) -> (host: String, path: Substring) {
        guard let slash = text.firstIndex(of: "/") else { return ("docker.io", text) }
        let left = text[..<slash]
        let isHost = left == "localhost" || left.utf8.contains { $0 == 0x2E || $0 == 0x3A || isUpper($0) }
        return isHost ? (String(left), text[text.index(after: slash)...]) : ("docker.io", text)
    }

    /// `name[:port]`, where the name is DNS labels or an IPv6 address in brackets.
    static func isHost(_ text: String) -> Bool {
        let name: Substring
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            let address = text[text.index(after: text.startIndex)..<end]
            guard !address.isEmpty, address.utf8.allSatisfy({ isHex($0) || $0 == 0x3A || $0 == 0x2E }) else {
                return false
            }
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.first == ":" else { return false }
            return after.isEmpty || isPort(after.dropFirst())
        }
        if let colon = text.firstIndex(of: ":") {
            name = text[..<colon]
            port = text[text.index(after: colon)...]
        } else {
            name = text[...]
        }
        if let port, !isPort(port) { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2D }
        }
    }

    static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, isAlphanumeric(first) || first == 0x5F else {
            return false
        }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5F || $0 == 0x2E || $0 == 0x2D }
    }

    static func isRepository(_ text: Substring) -> Bool {
        text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isComponent)
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
    private static func isComponent(_ text: Substring) -> Bool {
        var separator: [UInt8] = []
        var sawAny = false
        for byte in text.utf8 {
            if isDigit(byte) || (0x61...0x7A).contains(byte) {
                if !separator.isEmpty, !sawAny || !isSeparator(separator) { return false }
                separator = []
                sawAny = true
            } else {
                separator.append(byte)
            }
        }
        return sawAny && separator.isEmpty
    }

    private static func isSeparator(_ bytes: [UInt8]) -> Bool {
        switch bytes {
        case [0x2E], [0x5F], [0x5F, 0x5F]: true
        default: bytes.allSatisfy { $0 == 0x2D }
        }
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.count <= 5 && text.utf8.allSatisfy(isDigit) && (1...65535).contains(Int(text) ?? 0)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isUpper(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || isUpper(byte) || (0x61...0x7A).contains(byte)
    }
    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
