package import Telemetry

/// What a session counts, for whoever shows it.
package struct SessionMetrics: Sendable {
    /// From a question's arrival in this process to its answer, waits for a network included.
    package let answers = Labelled<Operation, Histogram>(.questions)

    package init() {}

    /// The questions that are answered by a file system.
    package enum Operation: String, MetricLabels, CaseIterable {
        case lookup, readlink, readdir, readdirplus, read, getattr, getxattr, listxattr, statfs

        package static var labelNames: [String] { ["operation"] }
    }
}
