/// What runs on the node, asked over its sockets.
package protocol NodeServices: Sendable {
    func daemon() async -> Answer<DaemonFacts>
    /// Whether the image service that the kubelet is pointed at answers.
    func images() async -> Answer<Void>
    /// Whether the runtime knows our snapshotter, or can read our listing.
    func runtimeKnowsUs() async -> Answer<Bool>
}

/// What came of a question.
package enum Answer<Value: Sendable>: Sendable {
    case says(Value)
    /// Why there is no answer.
    case fails(String)
}

/// What the daemon says about itself.
package struct DaemonFacts: Sendable, Equatable {
    package var version: String
    package var process: Int32
    package var runtime: String

    package init(version: String, process: Int32, runtime: String) {
        self.version = version
        self.process = process
        self.runtime = runtime
    }
}
