/// What the process tells its caller when it ends. Scripts rely on the numbers; they never change.
enum ExitStatus: Int32, CaseIterable, Sendable {
    case success = 0
    /// Something went wrong that has no number of its own.
    case failure = 1
    /// The command line makes no sense: unknown options, malformed names.
    case usage = 2
    /// The image, mount or file is not there.
    case notFound = 3
    /// Somebody said no: credentials refused, image in use or of a kind that can't be served.
    case refused = 4
    /// The daemon or the registry could not be reached; trying later may help.
    case unavailable = 5

    var meaning: String {
        switch self {
        case .success: "success"
        case .failure: "failure"
        case .usage: "wrong usage"
        case .notFound: "not found"
        case .refused: "refused"
        case .unavailable: "daemon or registry unavailable"
        }
    }

    /// One line for the root's help.
    static let summary = allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: ", ")
}
