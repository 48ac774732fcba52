/// A piece of HTML or SVG. Whatever is interpolated into it is escaped, unless it is markup itself: there is no other way in for a text.
struct Markup: ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral text: String) { self.text = text }

    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    private init(raw: String) { text = raw }

    static let none: Markup = ""

    static func + (one: Markup, other: Markup) -> Markup { Markup(raw: one.text + other.text) }

    static func += (one: inout Markup, other: Markup) { one.text += other.text }

    /// Our own style sheet, the only thing that is neither escaped nor written here as markup.
    static func style(_ sheet: StaticString) -> Markup { Markup(raw: "<style>\(sheet)</style>\n") }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ markup: Markup) { text += markup.text }

        mutating func appendInterpolation(_ string: String) {
            for scalar in string.unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                default: if scalar.isShown { text.unicodeScalars.append(scalar) } else { text += scalar.shown }
                }
            }
        }

        /// A place or a length in a drawing, to a tenth.
        mutating func appendInterpolation(_ number: Double) {
            let tenths = (number.isFinite ? min(max(number, -1e6), 1e6) : 0) * 10
            let rounded = Int(tenths.rounded())
            text +=
                rounded % 10 == 0
                ? "\(rounded / 10)" : "\(rounded < 0 ? "-" : "")\(abs(rounded) / 10).\(abs(rounded) % 10)"
        }

        mutating func appendInterpolation(_ number: Int) { text += "\(number)" }
    }
}

extension Sequence<Markup> {
    func joined() -> Markup { reduce(into: Markup.none) { $0 += $1 } }
}

extension Unicode.Scalar {
    /// Whether it may be shown as it is: controls could move the cursor of a terminal, or turn a line's direction.
    fileprivate var isShown: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }

    fileprivate var shown: String { "\\u{" + String(value, radix: 16) + "}" }
}

extension String {
    /// A text from outside, such as a file's name, for a terminal: what would not be seen is spelled out.
    package var printable: String {
        unicodeScalars.allSatisfy(\.isShown)
            ? self : unicodeScalars.map { $0.isShown ? String($0) : $0.shown }.joined()
    }
}
