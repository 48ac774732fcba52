/// The pod that a pull was for, as the kubelet names it in the sandbox's configuration.
package struct Pod: Sendable, Equatable, Codable {
    package var uid: String
    package var name: String
    package var namespace: String

    /// - Returns: nil if nobody is named. Texts of any length may come in; what no kubelet would write is cut.
    package init?(uid: String, name: String, namespace: String) {
        if uid.isEmpty, name.isEmpty { return nil }
        self.uid = Limits.cut(uid)
        self.name = Limits.cut(name)
        self.namespace = Limits.cut(namespace)
    }

    /// Whether a person means this pod: by its uid, or its name; in one namespace or any.
    package func isCalled(_ word: String, namespace: String? = nil) -> Bool {
        guard word == uid || word == name else { return false }
        return namespace.map { $0 == self.namespace } ?? true
    }
}

extension Pod: CustomStringConvertible {
    /// `namespace/name (uid)`
    package var description: String {
        (namespace.isEmpty ? "" : namespace + "/") + (name.isEmpty ? "?" : name) + (uid.isEmpty ? "" : " (\(uid))")
    }
}
