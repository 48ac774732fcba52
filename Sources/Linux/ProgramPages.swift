internal import CLinux

/// The pages of this program's file that the kernel keeps mapped for it.
package enum ProgramPages {
    /// Lets go of all of them. Starting touches most of a Swift program (the runtime looks through every type's conformances), serving
    /// very little of it; what is needed is mapped again at its next use, from the page cache.
    package static func release() { imagelet_release_program_pages() }
}
