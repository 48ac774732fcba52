import OCI
import Policy

/// A digest that is not of anything, made from a small number.
func digest(_ number: Int) -> Digest { Digest(of: Array("layer \(number)".utf8)) }

/// Facts of an image of two large gzip layers that nothing is known about; each test changes what it is about.
func makeFacts(
    sizes: [Int64] = [300 << 20, 200 << 20], _ change: (inout Facts) -> Void = { _ in }
) throws -> Facts {
    let layers = sizes.enumerated().map { LayerFact(digest: digest($0), compressedSize: $1) }
    var facts = Facts(reference: try Reference("registry.example/team/app:1"), layers: layers)
    change(&facts)
    return facts
}

/// An index that covers the layers with these numbers.
func makeIndex(_ covered: [Int], number: Int = 1000) -> IndexFact {
    .found(FoundIndex(digest: digest(number), version: .v1, coveredLayers: Set(covered.map { digest($0) })))
}

/// What this node made itself for the layers with these numbers.
func makeOwnIndex(_ covered: [Int]) -> IndexFact {
    .found(FoundIndex(digest: nil, version: .own, coveredLayers: Set(covered.map { digest($0) })))
}

/// Small and repeatable source of random numbers (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
