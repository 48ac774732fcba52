import Foundation
import Synchronization

/// What a `FaultyProxy` does to one answer. Counts are bytes of the body.
package enum Fault: Sendable {
    /// An answer of the proxy's own; the request never gets through.
    case status(Int, headers: [String: String] = [:], body: String = "")
    /// A redirect of the proxy's own.
    case redirect(to: RedirectTarget, status: Int = 307)
    /// The orderly end of the connection after so many bytes; `Content-Length` promises all.
    case truncate(after: Int)
    /// A reset of the connection after so many bytes; nil: before the head.
    case reset(after: Int?)
    /// The answer begins so much later.
    case delay(Duration)
    /// Nothing more comes after so many bytes, and the connection stays open; nil: not even the head.
    case stall(after: Int?)
    /// One byte of body at a time, each after so long.
    case trickle(every: Duration)
    /// The body goes on for ever, with neither length nor chunks.
    case endless
    /// `Content-Length` is off by so many; the connection ends after the body.
    case wrongLength(by: Int)
    /// The byte at this offset is another one.
    case corrupt(at: Int)
    /// This instead of the right `Content-Range`.
    case contentRange(String)
    /// The whole blob with 200.
    case ignoreRange
    /// 206 with no more than so many bytes of the range.
    case shorten(to: Int)
}

package enum RedirectTarget: Sendable {
    /// The proxy's second port, another origin, under a signed URL; honoured `uses` times, then refused as `expired` says.
    case storage(uses: Int = .max, expired: ObjectStorage.Refusal = .forbidden)
    /// The same under the first port.
    case sameOrigin
    /// The very URL that was asked.
    case itself
    case url(String)
}

/// Says which requests get a fault. A plain value; the proxy keeps the count.
package struct FaultRule: Sendable {
    package var method: String?
    /// What the path must contain.
    package var path: String
    /// What the `Range` header must contain; an empty text: any range.
    package var range: String?
    /// Applies to the second port (`storage`) instead of the first.
    package var onStorage: Bool
    /// Matching requests that pass unharmed first.
    package var skip: Int
    /// Matching requests that get the fault after those.
    package var times: Int
    /// How likely each of these gets it, drawn from `seed`.
    package var probability: Double
    package var seed: UInt64
    package var fault: Fault

    package init(
        _ fault: Fault, method: String? = nil, path: String = "", range: String? = nil, onStorage: Bool = false,
        skip: Int = 0, times: Int = .max, probability: Double = 1, seed: UInt64 = 1
    ) {
        self.method = method
        self.path = path
        self.range = range
        self.onStorage = onStorage
        self.skip = skip
        self.times = times
        self.probability = probability
        self.seed = seed
        self.fault = fault
    }

    func matches(_ request: WireHead, onStorage: Bool) -> Bool {
        guard onStorage == self.onStorage, method.map({ $0 == request.method }) ?? true else { return false }
        guard path.isEmpty || request.path.contains(path) else { return false }
        guard let range else { return true }
        guard let asked = request.value(of: "Range") else { return false }
        return range.isEmpty || asked.contains(range)
    }
}

/// The rules in force and how often each has matched.
struct FaultSchedule {
    private var rules: [(rule: FaultRule, matches: Int, random: SplitMix)] = []

    mutating func add(_ rule: FaultRule) {
        rules.append((rule, 0, SplitMix(state: rule.seed)))
    }

    mutating func removeAll() {
        rules = []
    }

    /// The fault of the first rule that has one for this request.
    mutating func fault(for request: WireHead, onStorage: Bool) -> Fault? {
        var chosen: Fault?
        for index in rules.indices where rules[index].rule.matches(request, onStorage: onStorage) {
            rules[index].matches += 1
            let (rule, count) = (rules[index].rule, rules[index].matches - rule(index).skip)
            guard chosen == nil, count > 0, count <= rule.times else { continue }
            if Double.random(in: 0..<1, using: &rules[index].random) < rule.probability { chosen = rule.fault }
        }
        return chosen
    }

    private func rule(_ index: Int) -> FaultRule { rules[index].rule }
}

/// A generator whose numbers depend on its seed alone.
package struct SplitMix: RandomNumberGenerator, Sendable {
    package var state: UInt64

    package init(state: UInt64) {
        self.state = state
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
