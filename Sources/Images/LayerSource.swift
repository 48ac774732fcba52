internal import Distribution
internal import OCI
internal import Synchronization

/// The bytes of a layer, from wherever this node knows it and by whatever right: a source fails only after every other one did.
///
/// First comes what worked last. A pull by others adds places and credentials to a layer and takes none away, so neither one that was wrong
/// nor one that expires soon breaks whoever reads already. Places are looked up when they are needed: credentials that a later pull
/// brought are found by layers that were opened before.
final class LayerSource: BlobSource {
    private struct Way: Sendable {
        /// Nil: that of the pull which made the layer, before it was on record.
        var place: LayerPlace?
        var source: any BlobSource
    }

    /// What the caller's closure threw, told apart from failures of a source.
    private struct ConsumerFailure: Error { var cause: any Error }

    private let layer: Descriptor
    private let places: LayerPlaces
    private let ways: Mutex<[Way]>

    /// - Parameter pulled: tried first, as long as it works.
    init(_ layer: Descriptor, places: LayerPlaces, pulled: (any BlobSource)? = nil) {
        self.layer = layer
        self.places = places
        ways = Mutex(pulled.map { [Way(source: $0)] } ?? [])
    }

    var size: Int64 { layer.size }

    func read(_ range: Range<Int64>, _ consume: ([UInt8]) async throws -> Void) async throws {
        var position = range.lowerBound
        var failures: [BlobError] = []
        var left = ways.withLock { $0 }[...]
        var tried: Set<LayerPlace> = []
        var hasLooked = false
        while true {
            guard let way = left.popFirst() else {
                if hasLooked { break }
                hasLooked = true
                left = lookAgain(after: tried)[...]
                continue
            }
            if let place = way.place { tried.insert(place) }
            do {
                try await way.source.read(position..<range.upperBound) { bytes in
                    do { try await consume(bytes) } catch { throw ConsumerFailure(cause: error) }
                    position += Int64(bytes.count)
                }
                prefer(way)
                places.storage.refusals.forget(layer.digest)
                return
            } catch let failure as ConsumerFailure {
                throw failure.cause
            } catch let error as BlobError {
                failures.append(error)
            }
        }
        throw verdict(failures)
    }

    /// What came first before comes last now: its own mirrors first get their chance, then the other places.
    func foundWrong(_ range: Range<Int64>) {
        guard let way = ways.withLock({ $0.first }) else { return }
        way.source.foundWrong(range)
        _ = lookAgain(after: [])
        ways.withLock { ways in
            guard let index = ways.firstIndex(where: { $0.place == way.place }) else { return }
            ways.append(ways.remove(at: index))
        }
    }

    /// Takes in the places known now. Those given before are kept as they are, in their order; those gone are dropped.
    /// - Returns: the ones that were not tried.
    private func lookAgain(after tried: Set<LayerPlace>) -> [Way] {
        let found = places.find(layer.digest)
        return ways.withLock { ways in
            let known = Set(ways.compactMap(\.place))
            ways.removeAll { way in way.place.map { !found.contains($0) } ?? false }
            ways += found.compactMap { place in
                known.contains(place) ? nil : places.source(layer, at: place).map { Way(place: place, source: $0) }
            }
            return ways.filter { way in way.place.map { !tried.contains($0) } ?? false }
        }
    }

    private func prefer(_ way: Way) {
        ways.withLock { ways in
            guard ways.first?.place != way.place, let index = ways.firstIndex(where: { $0.place == way.place }) else {
                return
            }
            ways.insert(ways.remove(at: index), at: 0)
        }
    }

    /// One error for all. Only if everybody answered, and somebody refused, is it for want of credentials.
    private func verdict(_ failures: [BlobError]) -> BlobError {
        let open = failures.first { $0.code == .rangesUnsupported || $0.code == .unavailable }
        if let open { return open }
        if let refusal = failures.first(where: { $0.code == .refused }) {
            places.storage.refusals.note(refusal.message, of: layer.digest)
            return refusal
        }
        return failures.first ?? BlobError(.notFound, "\(layer.digest): no repository is known that has it")
    }
}

/// Finds the places of layers, and reads there.
struct LayerPlaces: Sendable {
    let storage: ImageStorage
    let registry: RegistryClient

    /// Nothing if the records cannot be read now: then what was known before has to do.
    func find(_ layer: Digest) -> [LayerPlace] { (try? storage.credentials.places(of: layer)) ?? [] }

    func source(_ layer: Descriptor, at place: LayerPlace) -> (any BlobSource)? {
        guard let reference = try? Reference(place.repository).withDigest(layer.digest) else { return nil }
        return registry.source(reference, layer, anyOf: place.credentials)
    }
}
