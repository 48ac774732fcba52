/// What is wrong with the configuration: where it stands, what was found, what is allowed.
package struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// A file cannot be read, is too large or is not UTF-8.
        case unreadable
        /// A file is not the YAML we take.
        case syntax
        /// A file is of another `apiVersion` or `kind`.
        case unsupportedVersion
        case unknownKey
        case missingKey
        /// A value has the wrong form or is out of range.
        case invalidValue
    }

    package var code: Code
    package var file: String
    /// Line in the file, from 1; nil where no single line is to blame.
    package var line: Int?
    /// The key, from the top: `policy.rules[0].match`; empty for the file as a whole.
    package var key: String
    /// What was found and what is allowed.
    package var problem: String

    package init(_ code: Code, file: String, line: Int? = nil, key: String = "", _ problem: String) {
        self.code = code
        self.file = file
        self.line = line
        self.key = key
        self.problem = problem
    }

    package var message: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return key.isEmpty ? "\(place): \(problem)" : "\(place): \(key): \(problem)"
    }

    package var description: String { message }
}
