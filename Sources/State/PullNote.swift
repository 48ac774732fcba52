package import FoundationEssentials
package import OCI

/// How the last pull of a name went that left no image record here, because the runtime fetched by itself.
package struct PullNote: Sendable, Equatable {
    /// Normalised full name, as it was pulled.
    package var name: String
    /// Nil if we never came to know it.
    package var imageID: Digest?
    /// In Policy's words.
    package var strategy: String
    /// Why, as JSON; opaque here.
    package var reasons: String
    /// Kept to the millisecond.
    package var date: Date

    package init(name: String, imageID: Digest?, strategy: String, reasons: String, date: Date) {
        self.name = name
        self.imageID = imageID
        self.strategy = strategy
        self.reasons = reasons
        self.date = date
    }
}
