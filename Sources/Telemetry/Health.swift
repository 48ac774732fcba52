/// A part of the daemon that can say whether it works.
package struct HealthCheck: Sendable {
    /// Lower case, as the report names it.
    package let name: String
    /// Nil if the part works; else why not, in one sentence without secrets. Ends soon when it is cancelled.
    package let trouble: @Sendable () async -> String?

    package init(_ name: String, trouble: @escaping @Sendable () async -> String?) {
        self.name = name
        self.trouble = trouble
    }
}

/// How all parts are at one moment.
package struct HealthReport: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        package var name: String
        package var trouble: String?

        package init(name: String, trouble: String? = nil) {
            self.name = name
            self.trouble = trouble
        }
    }

    package var parts: [Part]

    package init(parts: [Part]) { self.parts = parts }

    /// Asks all at once; one that does not answer within `limit` is in trouble.
    package init(_ checks: [HealthCheck], limit: Duration = .seconds(5)) async {
        let troubles = await withTaskGroup(of: (Int, String?).self) { group in
            for (index, check) in checks.enumerated() {
                group.addTask { (index, await Self.ask(check, limit)) }
            }
            return await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        parts = checks.enumerated().map { Part(name: $1.name, trouble: troubles[$0]) }
    }

    private static func ask(_ check: HealthCheck, _ limit: Duration) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask { await check.trouble() }
            group.addTask {
                // Cancelled when the check answered first.
                try? await Task.sleep(for: limit)
                return "no answer within \(limit)"
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    package var isHealthy: Bool { parts.allSatisfy { $0.trouble == nil } }

    /// The form of the Kubernetes API server's `/readyz?verbose`: a line a part, then the verdict.
    /// - Parameter name: what was asked for, `livez` or `readyz`.
    package func text(_ name: String) -> String {
        let lines = parts.map { part in part.trouble.map { "[-]\(part.name) failed: \($0)" } ?? "[+]\(part.name) ok" }
        return (lines + ["\(name) check \(isHealthy ? "passed" : "failed")"]).joined(separator: "\n") + "\n"
    }
}
