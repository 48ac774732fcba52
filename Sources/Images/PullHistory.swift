package import History
package import Layers
internal import OCI
internal import State

/// What is known of the past of pods and images.
package struct PullHistory: Sendable {
    private let storage: ImageStorage
    private let catalog: ImageCatalog
    private let isReadPastUs: @Sendable (Layer) -> Bool

    /// - Parameter isReadPastUs: whether the kernel reads a layer by itself.
    package init(
        storage: ImageStorage, catalog: ImageCatalog, isReadPastUs: @escaping @Sendable (Layer) -> Bool = { _ in false }
    ) {
        self.storage = storage
        self.catalog = catalog
        self.isReadPastUs = isReadPastUs
    }

    /// Pulls for pods of this uid or name, the newest first, with the starts they belong to.
    /// - Throws: `ImageError.notFound`, which says what is known and what to try.
    package func report(pod: String, namespace: String?) throws -> HistoryReport {
        let all = storage.history.pulls
        let pulls = all.filter { $0.pod?.isCalled(pod, namespace: namespace) ?? false }
        guard !pulls.isEmpty else { throw ImageError(.notFound, absence(of: pod, namespace, among: all)) }
        return report(pulls)
    }

    /// Pulls of the image that a reference, an id or a manifest's digest stands for, the newest first.
    package func report(image: String) throws -> HistoryReport {
        let name = (try? Reference(image).withDefaultTag)?.description
        let record = try catalog.record(image)
        let pulls = storage.history.pulls.filter { pull in
            if pull.image == name || (record != nil && pull.imageID == record?.id) { return true }
            guard let id = pull.imageID, image.count >= Self.shortestID else { return false }
            return id.description.hasPrefix(image) || id.hex.hasPrefix(image)
        }
        return report(pulls)
    }

    /// Digits of an id that somebody means by it.
    private static let shortestID = 6

    private func report(_ pulls: [PullRecord]) -> HistoryReport {
        let ids = Set(pulls.compactMap(\.start))
        for start in ids.compactMap(storage.history.start) {
            storage.look(Chronicle.subjects(of: start))
        }
        storage.nameFiles()
        let starts = ids.sorted(by: >).compactMap(storage.history.start)
        var standings: [Digest: LayerStanding] = [:]
        for layer in starts.flatMap(\.layers) where standings[layer.digest] == nil {
            standings[layer.digest] = standing(of: layer)
        }
        return HistoryReport(
            pulls: pulls, starts: starts,
            layers: standings.values.sorted { $0.digest.description < $1.digest.description })
    }

    private func standing(of tally: LayerTally) -> LayerStanding? {
        guard let progress = storage.store.progress(of: tally.digest) else { return nil }
        var standing = LayerStanding(
            digest: tally.digest, state: progress.state.labelValues[0], contentPresent: progress.contentPresent,
            contentSize: progress.contentSize, segmentsPresent: progress.segmentsPresent,
            segmentCount: progress.segmentCount, blobMissing: progress.blobSize, waiting: progress.waiting,
            isReadPastUs: false, trouble: progress.trouble, presence: [])
        guard let layer = storage.store.layer(tally.digest) else { return standing }
        // Not what `progress` counts: after a crash that is nothing until it has been checked, and yet it need not be fetched.
        let survey = layer.survey(parts: tally.cells.count)
        standing.contentPresent = survey.reduce(0) { $0 + $1.present }
        standing.segmentsPresent = progress.segmentCount - survey.reduce(0) { $0 + $1.missingSegments }
        standing.blobMissing = survey.reduce(0) { $0 + $1.missing }
        standing.isReadPastUs = isReadPastUs(layer)
        for part in survey {
            let share = part.content > 0 ? Double(part.present) / Double(part.content) : nil
            standing.presence.append(share ?? standing.presence.last ?? 1)
        }
        return standing
    }

    private func absence(of pod: String, _ namespace: String?, among pulls: [PullRecord]) -> String {
        let place = namespace.map { " in namespace \($0)" } ?? ""
        let elsewhere = pulls.compactMap(\.pod).filter { $0.isCalled(pod) }
        var text = "no pull of a pod '\(pod)'\(place) is remembered"
        if let other = elsewhere.first {
            return text + "; there is \(other): ask without the namespace, or with its own"
        }
        var named: [String] = []
        for pod in pulls.compactMap(\.pod) where !named.contains(pod.description) && named.count < Self.examples {
            named.append(pod.description)
        }
        if named.isEmpty {
            text += ", nor of any other pod"
        } else {
            text += " (the last of \(pulls.count) pulls were for \(named.joined(separator: ", ")))"
        }
        return text + """
            . A pod whose image is present makes no pull: try 'imagelet status IMAGE' with the pod's image \
            ('kubectl get pod -o yaml' or 'crictl inspect' name it). Pods of other nodes are asked about there
            """
    }

    private static let examples = 3
}
