/// One key of the configuration file as documentation names it.
package struct KeyDocumentation: Sendable, Equatable {
    /// From the top, without positions in lists: `policy.rules.match`.
    package let path: String
    /// What may stand there; empty for a map.
    package let allowed: String
}

extension ImageletConfiguration {
    /// Every key of the file but `apiVersion` and `kind`, in the file's order.
    package static var documentation: [KeyDocumentation] { keyDocumentation }
}

extension ConfigurationSection {
    /// Every key of this section and of those below it.
    static var keyDocumentation: [KeyDocumentation] {
        fields.flatMap { field in
            [KeyDocumentation(path: field.name, allowed: field.allowed)]
                + field.inner.map { KeyDocumentation(path: "\(field.name).\($0.path)", allowed: $0.allowed) }
        }
    }
}
