package import FoundationEssentials

/// That the disk is full: since when, and what was noticed last.
package struct FullDisk: Sendable, Equatable {
    package var since: Date
    package var message: String
}
