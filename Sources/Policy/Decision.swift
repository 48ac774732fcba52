package import OCI

/// The strategy for one image, why, and what it means for each layer.
package struct Decision: Sendable, Equatable, Codable {
    /// What is to be done about one layer before the pull returns.
    package struct LayerPlan: Sendable, Equatable, Codable {
        package enum Action: String, Sendable, Codable {
            /// Mount it by its table of contents; nothing to do if it is in the store.
            case stream
            /// Have it complete and verified; nothing to do if it is.
            case prefetch
        }

        package var digest: Digest
        package var action: Action

        package init(digest: Digest, action: Action) {
            self.digest = digest
            self.action = action
        }
    }

    package var strategy: Strategy
    /// The reason that decided, then notes in the order in which they came up; never empty.
    package var reasons: [Reason]
    /// One plan for each layer, in the manifest's order. With `.pull` it counts only where no runtime stands behind us.
    package var layers: [LayerPlan]

    package init(strategy: Strategy, reasons: [Reason], layers: [LayerPlan]) {
        self.strategy = strategy
        self.reasons = reasons
        self.layers = layers
    }
}

extension PolicyOptions {
    /// Decides how the image described by `facts` gets to the node: the table of design.md 3, first match wins.
    ///
    /// Total and pure: every combination of facts gives a decision, and a wish that cannot be granted gives the next
    /// best one with a note.
    package func decide(_ facts: Facts) -> Decision {
        var notes: [Reason] = []
        let wish = wish(facts, notes: &notes)
        let prospects = Prospects(facts, smallLayer: smallLayer)

        if let reason = unserved(facts) {
            if let wish, wish.strategy != .pull {
                notes.insert(refusal(of: wish.strategy, instead: .pull, because: reason), at: 0)
            }
            return prospects.decision(.pull, [reason] + notes)
        }
        if let wish { return grant(wish, prospects, notes: notes) }
        if prospects.allLocal {
            let reason = Reason(.alreadyLocal, "every layer is in the store already")
            return prospects.decision(.stream, [reason] + notes)
        }
        if let obstacle = prospects.decodingObstacle {
            return prospects.decision(.pull, [obstacle] + notes)
        }
        if facts.compressedSize <= streamThreshold {
            let sizes = "\(readableSize(facts.compressedSize)), the threshold is \(readableSize(streamThreshold))"
            return prospects.decision(.pull, [Reason(.belowThreshold, "the image has \(sizes)")] + notes)
        }
        let obstacles = prospects.streamingObstacles
        if obstacles.isEmpty, let found = prospects.indexReason {
            return prospects.decision(.stream, [found] + notes)
        }
        return prospects.decision(.prefetch, obstacles + notes)
    }

    /// Why we must leave this image to the runtime, if we must.
    private func unserved(_ facts: Facts) -> Reason? {
        if case .unsupported(let why) = facts.manifest {
            return Reason(.unsupportedManifest, "the manifest is not one of a runnable image: \(why)")
        }
        if case .detached(let why) = facts.attachment { return Reason(.runtimeNotAttached, why) }
        return nil
    }

    /// A strategy somebody asked for, with the reason that says who.
    private struct Wish {
        var strategy: Strategy
        var reason: Reason
    }

    private func wish(_ facts: Facts, notes: inout [Reason]) -> Wish? {
        if let annotation = facts.podAnnotation {
            if let strategy = Strategy(rawValue: annotation) {
                let text = "the pod asks for \(strategy.rawValue) by \(Facts.strategyAnnotation)"
                return Wish(strategy: strategy, reason: Reason(.requestedByPod, text))
            }
            let shown = String(annotation.prefix(80)).debugDescription
            let text = "\(Facts.strategyAnnotation) is \(shown), none of \(Strategy.choices), and was ignored"
            notes.append(Reason(.invalidAnnotation, text))
        }
        guard let rule = rules.first(matching: facts.reference) else { return nil }
        let text = "the rule for '\(rule.pattern)' asks for \(rule.strategy.rawValue)"
        return Wish(strategy: rule.strategy, reason: Reason(.matchedRule, text))
    }

    private func grant(_ wish: Wish, _ prospects: Prospects, notes: [Reason]) -> Decision {
        var obstacles: [Reason] = []
        switch wish.strategy {
        case .stream: obstacles = prospects.streamOnRequestObstacles
        case .prefetch: obstacles = prospects.decodingObstacle.map { [$0] } ?? []
        case .pull: break
        }
        guard let obstacle = obstacles.first else {
            return prospects.decision(wish.strategy, [wish.reason] + notes)
        }
        let instead: Strategy = prospects.decodingObstacle == nil ? .prefetch : .pull
        let refusal = refusal(of: wish.strategy, instead: instead, because: obstacle)
        return prospects.decision(instead, [wish.reason, refusal] + obstacles + notes)
    }

    private func refusal(of wished: Strategy, instead: Strategy, because obstacle: Reason) -> Reason {
        let text = "\(wished.rawValue) is not possible, \(instead.rawValue) is done instead: \(obstacle.text)"
        return Reason(.requestNotPossible, text)
    }
}
