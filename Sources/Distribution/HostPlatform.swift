internal import Foundation
package import OCI

/// The platform of this machine, with what only the machine itself can tell.
package enum HostPlatform {
    /// Read once: amd64 with the variant of the CPU, others as compiled.
    package static let current: Platform = {
        var platform = Platform.host
        guard platform.architecture == "amd64", let file = FileHandle(forReadingAtPath: "/proc/cpuinfo") else {
            return platform
        }
        defer { try? file.close() }
        let text =
            (try? file.read(upToCount: 64 << 10)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        platform.variant = Platform.amd64Variant(flags: flags(text))
        return platform
    }()

    /// The flags of the first CPU.
    static func flags(_ text: String) -> Set<String> {
        let line = text.split(separator: "\n" as Character).first { $0.hasPrefix("flags") }
        return Set(
            (line ?? "").split(separator: ":" as Character).last.map {
                $0.split(separator: " " as Character).map { String($0) }
            } ?? [])
    }
}
