/// Why EROFS cannot show a layer exactly as it is; such a layer is served without it.
package enum Obstacle: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file's bytes do not begin at a multiple of a block, in the tar or, behind a hole, in the file.
    case unalignedContent
    /// A file's bytes lie outside of the tar, or further in than block numbers reach.
    case contentOutOfReach
    /// An extended attribute of a kind EROFS does not know or would act upon (access control lists), or too many or too large ones.
    case extendedAttribute
    /// A device number beyond 12 bits of major and 20 bits of minor.
    case deviceNumber
    /// A symlink's text that is no path: longer than PATH_MAX allows, or with a zero byte.
    case symlink
    /// A name that is none: empty, longer than 255 bytes, or with a zero byte.
    case name
    /// The image would be larger than `MetadataImage.largest`.
    case tooLarge

    package var description: String {
        switch self {
        case .unalignedContent: "a file's content is not aligned to blocks"
        case .contentOutOfReach: "a file's content lies out of reach"
        case .extendedAttribute: "an extended attribute cannot be expressed"
        case .deviceNumber: "a device number is too large"
        case .symlink: "a symlink's text is too long or has a zero byte"
        case .name: "a name is empty, too long or has a zero byte"
        case .tooLarge: "the image would be too large"
        }
    }
}
