// Invariant: any entries give a tree whose image says exactly the same, or an obstacle.
import EROFS
import LayerFormat

/// Numbers out of the input; zeros behind its end.
private struct Dice {
    var rest: ArraySlice<UInt8>

    mutating func next() -> UInt8 { rest.popFirst() ?? 0 }
    mutating func number() -> UInt64 { (0..<8).reduce(0) { value, _ in value << 8 | UInt64(next()) } }

    /// Small, aligned or large.
    mutating func size() -> Int64 {
        switch next() % 4 {
        case 0: Int64(next())
        case 1: Int64(next()) * 512
        case 2: Int64(number() % (1 << 44))
        default: Int64(number() >> 2)
        }
    }

    mutating func text(_ longest: Int) -> [UInt8] {
        let count = Int(next()) * (next() % 8 == 0 ? 20 : 1) % (longest + 1)
        let letter = next()
        return (0..<count).map { UInt8(ascii: "!") + (letter &+ UInt8(truncatingIfNeeded: $0 % 3)) % 90 }
    }

    mutating func record() -> TarEntry.Record {
        let names = ["user.", "trusted.", "security.", "system.posix_acl_access", "other"]
        let name = "SCHILY.xattr." + names[Int(next()) % names.count]
        let value = [UInt8](repeating: next(), count: Int(next()) << Int(next() % 9))
        return TarEntry.Record(key: Array(name.utf8) + text(250), value: value)
    }

    mutating func entry() -> TarEntry {
        let kinds = TarEntry.Kind.allCases
        let path = (0..<Int(next() % 4 + 1)).map { _ in text(255) }.joined(separator: [UInt8(ascii: "/")])
        var entry = TarEntry(
            name: Array(path), kind: kinds[Int(next()) % kinds.count], contentOffset: size(), storedSize: size(),
            linkName: text(4096), mode: UInt32(truncatingIfNeeded: number()))
        (entry.uid, entry.gid) = (UInt32(truncatingIfNeeded: number()), UInt32(next()))
        entry.modified = Timestamp(seconds: Int64(bitPattern: number()), nanoseconds: UInt32(next()) * 3_900_000)
        (entry.deviceMajor, entry.deviceMinor) = (UInt32(size() & 0x1fff), UInt32(size() & 0x1f_ffff))
        for _ in 0..<Int(next() % 3) { entry.records.append(record()) }
        if next() % 4 == 0 {
            var (numbers, end) = ([Int64](), Int64(0))
            for _ in 0..<Int(next() % 6) {
                let (hole, length) = (size() >> 20, Int64(next()) * (next() % 2 == 0 ? 512 : 1))
                numbers += [end + hole, length]
                end += hole + length
            }
            entry.storedSize = 1 << 40
            let map = numbers.map(String.init).joined(separator: ",")
            let size = String(end + size() >> 20)
            entry.records.append(.init(key: Array("GNU.sparse.size".utf8), value: Array(size.utf8)))
            entry.records.append(.init(key: Array("GNU.sparse.map".utf8), value: Array(map.utf8)))
        }
        return entry
    }
}

@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    var dice = Dice(rest: Array(UnsafeBufferPointer(start: data, count: size))[...])
    let tarSize = dice.size()
    var builder = LayerTree.Builder()
    // One that is refused leaves those before it.
    while !dice.rest.isEmpty {
        var next = builder
        guard (try? next.add(dice.entry())) != nil else { continue }
        builder = next
    }
    let tree = try? builder.finish()
    guard let tree, let image = try? MetadataImage(of: tree, tarSize: tarSize, identity: [UInt8](1...16)) else {
        return 0
    }
    do {
        let difference = try ImageReader(image.bytes).difference(from: tree)
        precondition(difference == nil, difference ?? "")
    } catch {
        preconditionFailure("\(error)")
    }
    return 0
}
