// Invariant: any bytes give the same entries, end and error whether the reader gets them whole or in pieces, and a tree or an error of them.
import LayerFormat

private struct Outcome: Equatable {
    var entries: [TarEntry] = []
    var end: Int64 = 0
    var error: String?

    init(_ input: [UInt8], piece: Int) {
        var limits = LayerLimits()
        limits.entries = 10_000
        var reader = TarReader(limits: limits)
        var entries: [TarEntry] = []
        do {
            for start in stride(from: 0, to: input.count, by: piece) {
                try reader.feed(Array(input[start..<min(start + piece, input.count)])) { entries.append($0) }
            }
            try reader.finish()
        } catch {
            self.error = "\(error)"
        }
        self.entries = entries
        end = reader.contentEnd
    }
}

/// Makes the checksum of every block right, or no mutation would get past it.
private func withChecksums(_ input: [UInt8]) -> [UInt8] {
    var tar = input
    for start in stride(from: 0, to: tar.count - 511, by: 512)
    where tar[start..<start + 512].contains(where: { $0 != 0 }) {
        for place in start + 148..<start + 156 { tar[place] = UInt8(ascii: " ") }
        var sum = tar[start..<start + 512].reduce(0) { $0 + Int($1) }
        for place in (start + 148..<start + 154).reversed() {
            tar[place] = UInt8(ascii: "0") + UInt8(sum & 7)
            sum >>= 3
        }
        tar[start + 154] = 0
    }
    return tar
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    for tar in [input, withChecksums(input)] {
        let whole = Outcome(tar, piece: max(1, tar.count))
        precondition(whole == Outcome(tar, piece: 1 + Int(input.first ?? 0) * 3), "pieces change what is read")
        var builder = LayerTree.Builder()
        do {
            for entry in whole.entries { try builder.add(entry) }
            let tree = try builder.finish()
            for node in 0..<UInt32(tree.nodeCount) {
                for child in tree.children(of: node) {
                    precondition(tree.lookup(child.name, in: node) == child.node, "a name that is listed is not found")
                }
                let size = tree.attributes(of: node).size
                let covered = tree.extents(of: node, in: 0..<max(size, 0)).reduce(0) { $0 + $1.length }
                precondition(tree.attributes(of: node).kind != .regular || covered == size, "extents leave a gap")
            }
        } catch {
            continue
        }
    }
    return 0
}
