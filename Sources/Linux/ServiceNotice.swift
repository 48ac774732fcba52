/// A word to the service manager, or to our own keeper, which speaks the same language (sd_notify(3)).
package enum ServiceNotice: Sendable, Equatable {
    case ready
    case stopping
    /// Keeps the watchdog quiet.
    case alive
    /// The descriptor that comes along is to be kept under this name.
    /// - Parameter whileAlive: it may be dropped once poll(2) reports an error on it.
    case store(String, whileAlive: Bool)
    /// All descriptors kept under this name may go.
    case remove(String)

    package var bytes: [UInt8] {
        let text =
            switch self {
            case .ready: "READY=1"
            case .stopping: "STOPPING=1"
            case .alive: "WATCHDOG=1"
            case .store(let name, whileAlive: true): "FDSTORE=1\nFDNAME=\(name)"
            case .store(let name, whileAlive: false): "FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0"
            case .remove(let name): "FDSTOREREMOVE=1\nFDNAME=\(name)"
            }
        return Array(text.utf8)
    }

    /// What a message says; nil if it is none of these.
    package init?(_ bytes: [UInt8]) {
        var values: [Substring: Substring] = [:]
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            values[parts[0]] = parts[1]
        }
        let name = values["FDNAME"].map(String.init)
        if values["FDSTORE"] == "1", let name, Self.isName(name) {
            self = .store(name, whileAlive: values["FDPOLL"] != "0")
        } else if values["FDSTOREREMOVE"] == "1", let name, Self.isName(name) {
            self = .remove(name)
        } else if values["READY"] == "1" {
            self = .ready
        } else if values["STOPPING"] == "1" {
            self = .stopping
        } else if values["WATCHDOG"] == "1" {
            self = .alive
        } else {
            return nil
        }
    }

    /// Names of descriptors: printable ASCII without colon, at most 255 bytes.
    private static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: ":") }
    }
}
