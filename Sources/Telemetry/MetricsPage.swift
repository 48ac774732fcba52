/// All metrics of a process by name, and how they are written: the text format of Prometheus, version 0.0.4.
///
/// Built once by whoever puts the parts of a program together; the parts themselves know no names. Wrong or repeated names are bugs of
/// ours and trap there.
package struct MetricsPage: Sendable {
    /// `Content-Type` of ``text``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String, Sendable { case counter, gauge, histogram }

    enum Value: Sendable {
        case number(Double)
        case histogram(Histogram.Snapshot)
    }

    private struct Family: Sendable {
        var name: String
        var help: String
        var kind: Kind
        var labelNames: [String]
        var collect: @Sendable () -> [(labelValues: [String], value: Value)]
    }

    private var families: [Family] = []

    package init() {}

    /// Names of the metrics, in the order of the page.
    package var names: [String] { families.map(\.name) }

    /// - Parameter name: ends in `_total`.
    package mutating func add(_ name: String, _ help: String, _ counter: Counter) {
        add(name, help, .counter, []) { [([], .number(Double(counter.value)))] }
    }

    /// A counter that somebody else keeps.
    /// - Parameter read: never gives less than before.
    package mutating func addCounter(_ name: String, _ help: String, _ read: @escaping @Sendable () -> Double?) {
        add(name, help, .counter, []) { read().map { [([], .number($0))] } ?? [] }
    }

    package mutating func add<Labels>(_ name: String, _ help: String, _ counters: Labelled<Labels, Counter>) {
        add(name, help, .counter, Labels.labelNames) {
            counters.series.map { ($0.labelValues, .number(Double($0.metric.value))) }
        }
    }

    package mutating func add(_ name: String, _ help: String, _ gauge: Gauge) {
        addGauge(name, help) { Double(gauge.value) }
    }

    /// - Parameter read: asked for each page; nil leaves the metric out.
    package mutating func addGauge(_ name: String, _ help: String, _ read: @escaping @Sendable () -> Double?) {
        add(name, help, .gauge, []) { read().map { [([], .number($0))] } ?? [] }
    }

    /// - Parameter read: asked for each page: values by labels, each at most once.
    package mutating func addGauges<Labels: MetricLabels>(
        _ name: String, _ help: String, _ read: @escaping @Sendable () -> [(Labels, Double)]
    ) {
        add(name, help, .gauge, Labels.labelNames) {
            let values = read().map { (labelValues: $0.0.labelValues, value: Value.number($0.1)) }
            return values.sorted { $0.labelValues.lexicographicallyPrecedes($1.labelValues) }
        }
    }

    /// - Parameter name: ends in `_seconds`.
    package mutating func add(_ name: String, _ help: String, _ histogram: Histogram) {
        add(name, help, .histogram, []) { [([], .histogram(histogram.snapshot))] }
    }

    package mutating func add<Labels>(_ name: String, _ help: String, _ histograms: Labelled<Labels, Histogram>) {
        add(name, help, .histogram, Labels.labelNames) {
            histograms.series.map { ($0.labelValues, .histogram($0.metric.snapshot)) }
        }
    }

    private mutating func add(
        _ name: String, _ help: String, _ kind: Kind, _ labelNames: [String],
        _ collect: @escaping @Sendable () -> [(labelValues: [String], value: Value)]
    ) {
        let suffix: String? =
            switch kind {
            case .counter: "_total"
            case .histogram: "_seconds"
            case .gauge: nil
            }
        precondition(Self.isName(name) && labelNames.allSatisfy(Self.isName), "\(name): not a metric's name")
        precondition(suffix.map { name.hasSuffix($0) } ?? !name.hasSuffix("_total"), "\(name) does not tell its kind")
        precondition(!families.contains { $0.name == name }, "\(name) is there twice")
        families.append(Family(name: name, help: help, kind: kind, labelNames: labelNames, collect: collect))
    }

    private static func isName(_ text: String) -> Bool {
        text.first?.isLetter == true
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }

    /// The page as it is scraped now.
    package var text: String {
        var writer = ExpositionWriter()
        for family in families {
            writer.begin(family.name, family.help, family.kind)
            for (values, value) in family.collect() {
                let labels = Array(zip(family.labelNames, values))
                switch value {
                case .number(let number): writer.sample(family.name, labels, number)
                case .histogram(let snapshot): writer.histogram(family.name, labels, snapshot)
                }
            }
        }
        return writer.text
    }
}
