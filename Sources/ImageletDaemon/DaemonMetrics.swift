internal import Distribution
internal import Images
internal import LayerFS
internal import Layers
internal import Linux
internal import Synchronization
internal import Telemetry

/// The metrics of all parts. The parts get the handles and know no names; names and help are here alone.
struct DaemonMetrics: Sendable {
    let store = StoreMetrics()
    let layers = LayerMetrics()
    let registry = RegistryMetrics()
    let pulls = PullMetrics()
    /// How long readers of a mount that was kept over a restart stood still, as far as this process is to blame: from
    /// its start until it answered them. In milliseconds; 0 if the mount is a new one.
    let restartStall = Gauge()

    /// The page of a daemon with these parts.
    func page(_ parts: ObservedParts) -> MetricsPage {
        var page = MetricsPage()
        addPulls(&page)
        addReads(&page, parts)
        addLayers(&page, parts)
        addRegistry(&page)
        addNode(&page, parts)
        return page
    }

    private func addPulls(_ page: inout MetricsPage) {
        page.add(
            "imagelet_pulls_total",
            "Pulls by strategy and the reason for it; 'degraded' is a failure of imagelet alone: the runtime could pull.",
            pulls.decisions)
        page.add(
            "imagelet_pull_failures_total", "Pulls that failed in imagelet, degraded ones included, by what failed.",
            pulls.failures)
        page.add("imagelet_pulls_active", "Pulls under way.", pulls.active)
        page.add(
            "imagelet_image_mounted_seconds", "From a pull's request until every layer of the image could be read.",
            pulls.mounted)
        page.add(
            "imagelet_image_complete_seconds", "From a pull's request until every byte of the image was here.",
            pulls.complete)
    }

    private func addReads(_ page: inout MetricsPage, _ parts: ObservedParts) {
        page.add("imagelet_read_hits_total", "Reads of layers that were answered from the node.", store.hits)
        page.add("imagelet_read_misses_total", "Reads of layers that had to wait for bytes.", store.misses)
        page.add("imagelet_read_wait_seconds", "How long reads that had to wait for bytes waited.", store.waits)
        page.add("imagelet_reads_waiting", "Reads that wait for bytes now.", store.waiting)
        page.add("imagelet_read_failures_total", "Reads of layers that failed with an I/O error.", store.failures)
        page.add(
            "imagelet_fuse_request_seconds", "Questions of the kernel, from their arrival to their answer.",
            store.answers)
        page.addCounter("imagelet_fuse_dropped_total", "Questions of the kernel that were dropped: a bug each.") {
            Double(parts.droppedRequests())
        }
        page.addGauge(
            "imagelet_restart_stall_seconds",
            "How long readers of a mount kept over a restart waited for this process to start; 0 for a new mount."
        ) { [restartStall] in Double(restartStall.value) / 1000 }
    }

    private func addLayers(_ page: inout MetricsPage, _ parts: ObservedParts) {
        page.add(
            "imagelet_layer_fetched_bytes_total", "Compressed bytes of layers that came in, by what they came for.",
            layers.fetchedBytes)
        page.add(
            "imagelet_verification_failures_total",
            "Content that was not what it should be, by the check that found it.",
            layers.verificationFailures)
        page.add("imagelet_fill_stalls_total", "Background fills that could not get on.", layers.stalledFills)
        page.add("imagelet_evicted_segments_total", "Segments taken off the disk to make room.", layers.evictedSegments)
        page.add("imagelet_evicted_bytes_total", "Bytes taken off the disk to make room.", layers.evictedBytes)
        page.addGauges("imagelet_layers", "Layers by state.") { Array(parts.figures().layers) { ($0, Double($1)) } }
        page.addGauge("imagelet_layer_content_bytes", "Decompressed size of the layers that can be read.") {
            Double(parts.figures().contentSize)
        }
        page.addGauge("imagelet_layer_content_present_bytes", "What is on the node of the layers that can be read.") {
            Double(parts.figures().contentPresent)
        }
        page.addGauge("imagelet_layer_filled_ratio", "Part of the layers that can be read that is on the node.") {
            let figures = parts.figures()
            return figures.contentSize > 0 ? Double(figures.contentPresent) / Double(figures.contentSize) : 1
        }
        page.addGauges("imagelet_transfers", "Transfers that run or wait for their turn.") {
            Array(parts.figures().transfers) { ($0, Double($1)) }
        }
        page.addGauge("imagelet_jobs_waiting", "Decoding, hashing and writing that waits for a thread.") {
            Double(parts.figures().waitingJobs)
        }
    }

    private func addRegistry(_ page: inout MetricsPage) {
        page.add(
            "imagelet_registry_requests_total",
            "Requests by whom they went to and the status of the answer; 'none' if there was no answer.",
            registry.requests)
        page.add(
            "imagelet_registry_answer_seconds", "From a request until the head of its answer.", registry.answers)
        page.add(
            "imagelet_registry_received_bytes_total", "Bytes of blobs by where they came from.", registry.receivedBytes)
        page.add("imagelet_registry_retries_total", "Requests made again after a failure.", registry.retries)
        page.add(
            "imagelet_registry_mirror_rests_total", "Times a mirror was left aside because it failed.",
            registry.restedMirrors)
        page.add(
            "imagelet_registry_credential_renewals_total",
            "Credentials of the node that were refused, by whether there was a newer one.", registry.renewals)
    }

    private func addNode(_ page: inout MetricsPage, _ parts: ObservedParts) {
        page.addGauge("imagelet_cache_bytes", "Disk space that images take.") {
            parts.usage().map { Double($0.bytes) }
        }
        page.addGauge("imagelet_cache_inodes", "Inodes that images take.") {
            parts.usage().map { Double($0.inodes) }
        }
        page.addGauge("imagelet_volume_bytes", "Size of the file system that images lie on.") {
            parts.volume().map { Double($0.totalBytes) }
        }
        page.addGauge("imagelet_volume_available_bytes", "What is free of the file system that images lie on.") {
            parts.volume().map { Double($0.availableBytes) }
        }
        page.addGauges("imagelet_build_info", "1, with the version as a label.") { [(BuildLabels(), 1)] }
        page.addGauge("process_start_time_seconds", "When the process started, since 1970.") { parts.startTime }
    }
}

/// What the page asks the parts for when it is made.
struct ObservedParts: Sendable {
    var figures: @Sendable () -> StoreFigures
    var usage: @Sendable () -> StoreUsage?
    var volume: @Sendable () -> VolumeStatistics?
    var droppedRequests: @Sendable () -> Int
    /// Seconds since 1970.
    var startTime: Double
}

private struct BuildLabels: MetricLabels {
    static var labelNames: [String] { ["version"] }
    var labelValues: [String] { [Version.current] }
}

extension Array {
    /// The pairs of a dictionary, changed.
    fileprivate init<Key, Value>(_ dictionary: [Key: Value], _ change: (Key, Value) -> Element) {
        self = dictionary.map { change($0.key, $0.value) }
    }
}
