internal import Linux

/// What a keeper holds, by name.
struct KeeperShelf {
    private struct Item {
        var descriptor: SharedDescriptor
        /// Of use only while poll(2) reports no error on it, and the reason to keep the rest.
        var whileAlive: Bool
    }

    private var items: [String: Item] = [:]

    /// Does what a message asks. Nonsense changes nothing; what is too much is let go.
    mutating func take(_ message: MessageSocket.Message) {
        switch ServiceNotice(message.bytes) {
        case .store(let name, let whileAlive):
            guard let descriptor = message.descriptors.first, message.descriptors.count == 1,
                items[name] != nil || items.count < MessageSocket.mostDescriptors
            else { return }
            items[name] = Item(descriptor: descriptor, whileAlive: whileAlive)
        case .remove(let name):
            items[name] = nil
        case .ready, .stopping, .alive, nil: break
        }
    }

    /// All of it, as a process gets it that begins: names in the order of the descriptors.
    var contents: MessageSocket.Message {
        let sorted = items.sorted { $0.key < $1.key }
        return MessageSocket.Message(
            Array((Self.heading + sorted.map(\.key).joined(separator: ":")).utf8), sorted.map(\.value.descriptor))
    }

    /// What `contents` says; nil if it isn't such a message.
    static func descriptors(in message: MessageSocket.Message) -> [String: SharedDescriptor]? {
        let text = String(decoding: message.bytes, as: UTF8.self)
        guard text.hasPrefix(heading) else { return nil }
        let names = text.dropFirst(heading.count).split(separator: ":").map(String.init)
        guard names.count == message.descriptors.count else { return nil }
        return Dictionary(zip(names, message.descriptors)) { $1 }
    }

    private static let heading = "LISTEN_FDNAMES="

    /// Names of those that are kept while they are alive.
    var mortals: [(name: String, descriptor: SharedDescriptor)] {
        items.filter(\.value.whileAlive).map { ($0.key, $0.value.descriptor) }
    }

    mutating func drop(_ name: String) { items[name] = nil }

    /// Whether there is a reason to go on when nobody is connected.
    var isWorthKeeping: Bool { items.contains(where: \.value.whileAlive) }
}
