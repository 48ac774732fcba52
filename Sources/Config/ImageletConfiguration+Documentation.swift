/// One key of the configuration file as documentation names it.
package struct KeyDocumentation: Sendable, Equatable {
    /// From the top, without positions in lists: `policy.rules.match`.
    package let path: String
    /// What may stand there; empty for a map.
    package let allowed: String
    /// Whether a running daemon follows a change when it reads the file again; else it takes a restart.
    package let isLive: Bool
}

extension ImageletConfiguration {
    /// Every key of the file but `apiVersion` and `kind`, in the file's order.
    package static var documentation: [KeyDocumentation] { keyDocumentation }
}

extension ConfigurationSection {
    /// Every key of this section and of those below it.
    static var keyDocumentation: [KeyDocumentation] {
        fields.flatMap { field in
            [KeyDocumentation(path: field.name, allowed: field.allowed, isLive: field.isLive)]
                + field.inner.map {
                    KeyDocumentation(path: "\(field.name).\($0.path)", allowed: $0.allowed, isLive: $0.isLive)
                }
        }
    }
}
