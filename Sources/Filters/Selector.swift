/// One condition on one field.
struct Selector: Sendable, Equatable {
    enum Condition: Sendable, Equatable {
        case present
        case equal([UInt8])
        /// Holds for absent fields, too, unless the value is empty: they are compared as empty ones.
        case notEqual([UInt8])
        /// An absent field is matched as an empty one.
        case matching(Pattern)
    }

    var path: [String]
    var condition: Condition

    func matches(_ field: ([String]) -> String?) -> Bool {
        let value = field(path)
        // By bytes: for Swift's strings two spellings of "é" are equal.
        return switch condition {
        case .present: value != nil
        case .equal(let wanted): value.map { Array($0.utf8) } == wanted
        case .notEqual(let unwanted): Array((value ?? "").utf8) != unwanted
        case .matching(let pattern): pattern.matches(value ?? "")
        }
    }
}
