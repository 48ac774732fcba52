/// What one check says: what it looked at, what it found, what to do.
package struct Finding: Sendable, Equatable, Codable {
    package enum Verdict: String, Sendable, Codable, CaseIterable {
        case good
        /// Nothing is wrong, but something could be better, or could not be looked at.
        case note
        /// Something will go wrong in certain cases.
        case warning
        /// It does not work.
        case bad
    }

    /// The name of the check.
    package var check: String
    package var verdict: Verdict
    package var lookedAt: String
    package var found: String
    /// Empty if there is nothing to do.
    package var advice: String
}

/// A finding without the name of its check.
package struct Diagnosis: Sendable, Equatable {
    var verdict: Finding.Verdict
    var lookedAt: String
    var found: String
    var advice: String

    static func good(_ lookedAt: String, _ found: String) -> Diagnosis {
        Diagnosis(verdict: .good, lookedAt: lookedAt, found: found, advice: "")
    }

    static func note(_ lookedAt: String, _ found: String, _ advice: String = "") -> Diagnosis {
        Diagnosis(verdict: .note, lookedAt: lookedAt, found: found, advice: advice)
    }

    static func warning(_ lookedAt: String, _ found: String, _ advice: String) -> Diagnosis {
        Diagnosis(verdict: .warning, lookedAt: lookedAt, found: found, advice: advice)
    }

    static func bad(_ lookedAt: String, _ found: String, _ advice: String) -> Diagnosis {
        Diagnosis(verdict: .bad, lookedAt: lookedAt, found: found, advice: advice)
    }
}
