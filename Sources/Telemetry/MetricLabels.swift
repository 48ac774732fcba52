internal import Synchronization

/// What tells the series of one metric apart: a type with few values, such as an enum. Never a path, a digest or a name, of which there
/// are as many as somebody likes (style.md 34).
package protocol MetricLabels: Hashable, Sendable {
    /// Names of the labels, lower case with underscores; as many as `labelValues`.
    static var labelNames: [String] { get }
    var labelValues: [String] { get }
}

extension MetricLabels where Self: RawRepresentable<String> {
    package var labelValues: [String] { [rawValue] }
}

/// Metrics of one kind, told apart by labels, each made when it is first asked for.
///
/// However many labels come, there are at most `limit` metrics and one more, labelled `other`, for the rest.
package final class Labelled<Labels: MetricLabels, Metric: Sendable>: Sendable {
    /// One metric with its labels' values.
    package struct Series: Sendable {
        package let labelValues: [String]
        package let metric: Metric
    }

    /// Metrics of values known beforehand: found without a lock, and shown from the beginning.
    private let known: [Labels: Metric]
    private let others = Mutex<[Labels: Metric]>([:])
    private let rest: Metric
    private let limit: Int
    private let make: @Sendable () -> Metric

    /// - Parameter known: labels that will surely come; a hot path's belong here.
    package init(_ known: [Labels] = [], limit: Int = 100, make: @escaping @Sendable () -> Metric) {
        self.known = Dictionary(known.map { ($0, make()) }) { first, _ in first }
        self.limit = limit
        self.make = make
        rest = make()
    }

    package subscript(labels: Labels) -> Metric {
        if let metric = known[labels] { return metric }
        return others.withLock { others in
            if let metric = others[labels] { return metric }
            guard known.count + others.count < limit else { return rest }
            let metric = make()
            others[labels] = metric
            return metric
        }
    }

    /// All there are, ordered by their labels.
    package var series: [Series] {
        let others = others.withLock { $0 }
        var all = known.merging(others) { first, _ in first }
            .map { Series(labelValues: $0.key.labelValues, metric: $0.value) }
            .sorted { $0.labelValues.lexicographicallyPrecedes($1.labelValues) }
        if all.count >= limit {
            all.append(Series(labelValues: Labels.labelNames.map { _ in "other" }, metric: rest))
        }
        return all
    }
}

extension Labelled where Labels: CaseIterable, Metric == Counter {
    /// A counter for each case.
    package convenience init() { self.init(Array(Labels.allCases)) { Counter() } }
}

extension Labelled where Labels: CaseIterable, Metric == Histogram {
    /// A histogram for each case.
    package convenience init(_ bounds: Histogram.Bounds) { self.init(Array(Labels.allCases)) { Histogram(bounds) } }
}
