/// A map of the configuration file: a value type whose initialiser holds the defaults and whose fields say how each
/// is written.
protocol ConfigurationSection: Sendable, Equatable {
    init()
    static var fields: [Field<Self>] { get }
}

/// One key of a section.
struct Field<Section> {
    let name: String
    var isRequired = false
    /// Says what is allowed; empty for keys that lead to further keys.
    let allowed: String
    /// The keys below this one, by their names from here.
    var inner: [KeyDocumentation]
    /// Whether a running daemon follows a change; else it takes a restart.
    var isLive = false
    let read: (Setting, inout Section) throws(ConfigError) -> Void
    let write: (Section) -> Rendering
}

extension Field {
    /// With all below it: a running daemon follows a change when it reads the file again.
    var live: Field {
        var field = self
        field.isLive = true
        field.inner = inner.map { KeyDocumentation(path: $0.path, allowed: $0.allowed, isLive: true) }
        return field
    }

    static func value<Value>(
        _ name: String, _ path: WritableKeyPath<Section, Value>, _ form: Form<Value>, isRequired: Bool = false
    ) -> Field {
        Field(
            name: name, isRequired: isRequired, allowed: form.allowed, inner: [],
            read: { setting, section throws(ConfigError) in section[keyPath: path] = try setting.value(form) },
            write: { .scalar(form.write($0[keyPath: path]), isText: form.isText) })
    }

    /// A value that may be left out; null takes it back.
    static func optional<Value>(
        _ name: String, _ path: WritableKeyPath<Section, Value?>, _ form: Form<Value>
    ) -> Field {
        Field(
            name: name, allowed: form.allowed + ", or null", inner: [],
            read: { setting, section throws(ConfigError) in
                section[keyPath: path] = setting.isNull ? nil : try setting.value(form)
            },
            write: { section in
                section[keyPath: path].map { .scalar(form.write($0), isText: form.isText) }
                    ?? .scalar("null", isText: false)
            })
    }

    static func list<Value>(
        _ name: String, _ path: WritableKeyPath<Section, [Value]>, of form: Form<Value>, maximumCount: Int
    ) -> Field {
        Field(
            name: name, allowed: "a list of at most \(maximumCount); each \(form.allowed)", inner: [],
            read: { setting, section throws(ConfigError) in
                section[keyPath: path] = try setting.list(maximumCount).map { element throws(ConfigError) in
                    try element.value(form)
                }
            },
            write: { .list($0[keyPath: path].map { .scalar(form.write($0), isText: form.isText) }) })
    }

    static func section<Inner: ConfigurationSection>(
        _ name: String, _ path: WritableKeyPath<Section, Inner>
    ) -> Field {
        Field(
            name: name, allowed: "", inner: Inner.keyDocumentation,
            read: { setting, section throws(ConfigError) in try setting.fill(&section[keyPath: path]) },
            write: { $0[keyPath: path].rendering })
    }

    static func sections<Inner: ConfigurationSection>(
        _ name: String, _ path: WritableKeyPath<Section, [Inner]>, maximumCount: Int
    ) -> Field {
        Field(
            name: name, allowed: "a list of at most \(maximumCount)", inner: Inner.keyDocumentation,
            read: { setting, section throws(ConfigError) in
                section[keyPath: path] = try setting.list(maximumCount).map { element throws(ConfigError) in
                    var inner = Inner()
                    try element.fill(&inner)
                    return inner
                }
            },
            write: { .list($0[keyPath: path].map(\.rendering)) })
    }
}

extension ConfigurationSection {
    var rendering: Rendering { .map(Self.fields.map { ($0.name, $0.write(self)) }) }
}

extension Setting {
    func value<Value>(_ form: Form<Value>) throws(ConfigError) -> Value {
        guard case .scalar(let text, let isPlain) = content, !isNull, let value = form.read(text, isPlain) else {
            throw error(.invalidValue, "found \(summary); allowed: \(form.allowed)")
        }
        return value
    }

    func list(_ maximumCount: Int) throws(ConfigError) -> [Setting] {
        if isNull { return [] }
        guard case .list(let list) = content, list.count <= maximumCount else {
            throw error(.invalidValue, "found \(summary); allowed: a list of at most \(maximumCount)")
        }
        return list
    }

    /// Sets the fields of `section` that are written here; a section of which only the name is written sets none.
    func fill<Section: ConfigurationSection>(_ section: inout Section) throws(ConfigError) {
        let fields = Section.fields
        let names = fields.map(\.name)
        var entries: [Entry] = []
        if case .map(let written) = content {
            entries = written
        } else if !isNull {
            throw error(
                .invalidValue, "found \(summary); allowed: a map with the keys \(names.joined(separator: ", "))")
        }
        for entry in entries {
            guard let field = fields.first(where: { $0.name == entry.key }) else {
                let hint = NearestName.nearest(to: entry.key, in: names).map { "did you mean \($0)? " } ?? ""
                throw entry.value.error(.unknownKey, "unknown key; \(hint)known here: \(names.joined(separator: ", "))")
            }
            try field.read(entry.value, &section)
        }
        for field in fields where field.isRequired && !entries.contains(where: { $0.key == field.name }) {
            throw error(.missingKey, "\(field.name) is missing; allowed: \(field.allowed)")
        }
    }
}
