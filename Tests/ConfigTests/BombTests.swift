import Config
import Testing

@Suite("Files made to hurt")
struct BombTests {
    private func error(_ yaml: String) -> ConfigError? {
        #expect(throws: ConfigError.self) { try ImageletConfiguration.parse(yaml, file: "c.yaml") }
    }

    @Test("aliases of aliases, as values and as keys")
    func aliases() {
        var values = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        var keys = "? &k0 [x, x]\n: x\n"
        for level in 1...60 {
            let uses = Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ", ")
            values += "a\(level): &a\(level) [\(uses)]\n"
            keys += "? &k\(level) [*k\(level - 1), *k\(level - 1)]\n: x\n"
        }
        #expect(error(values)?.code == .syntax)
        #expect(error(keys)?.code == .syntax)
        #expect(error("? &a [&b [&c [x, x], *c], *b]\n: *a\n")?.code == .syntax)
    }

    @Test("deep nesting")
    func depth() {
        for depth in [17, 500, 999, 1001, 100_000] {
            #expect(error(String(repeating: "[", count: depth))?.code == .syntax)
            let closed = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(error("log: " + closed)?.code == .syntax)
            let maps = String(repeating: "{a: ", count: depth) + String(repeating: "}", count: depth)
            #expect(error(maps)?.code == .syntax)
        }
    }

    @Test("broken samples give a value or an error", arguments: 0..<4)
    func mutations(_ seed: Int) throws {
        let sample = Array(try ImageletConfiguration().yaml.utf8)
        let bytes = Array("\0\t\n :-?[]{},&*!|>'\"%@`#\\a0\u{FF}".utf8)
        var state = UInt64(seed)
        func random(_ bound: Int) -> Int {
            // Knuth's MMIX generator: repeatable, and good enough to break files.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var accepted = 0
        for _ in 0..<800 {
            var text = sample
            for _ in 0...random(4) {
                let place = random(text.count)
                switch random(4) {
                case 0: text.remove(at: place)
                case 1: text.insert(bytes[random(bytes.count)], at: place)
                case 2: text.removeSubrange(place..<min(place + random(40), text.count))
                default:
                    let copy = text[place..<min(place + random(200), text.count)]
                    text.insert(contentsOf: copy, at: random(text.count))
                }
                if text.isEmpty { text = [0x0A] }
            }
            let yaml = String(decoding: text, as: UTF8.self)
            if let configuration = try? ImageletConfiguration.parse(yaml, file: "c.yaml") {
                accepted += 1
                let again = try ImageletConfiguration.parse(configuration.yaml, file: "again")
                #expect(again == configuration)
            }
        }
        #expect(accepted > 0 && accepted < 800)
    }

    @Test("many values, a long key, a large file")
    func size() {
        #expect(error("log: [" + String(repeating: "1, ", count: 20_000) + "1]")?.code == .syntax)
        let longKey = String(repeating: "k", count: 500_000)
        let unknown = error("apiVersion: imagelet.dev/v1alpha1\nkind: ImageletConfiguration\n\"\(longKey)\": 1\n")
        #expect((unknown?.message.count ?? .max) < 1000)
        #expect(error("# " + String(repeating: "x", count: 1 << 20))?.code == .unreadable)
    }
}
