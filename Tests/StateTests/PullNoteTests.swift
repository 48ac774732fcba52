import Foundation
import OCI
import Testing

@testable import State

@Suite("Notes of pulls")
struct PullNoteTests {
    private func note(_ name: String, _ image: String? = nil, at seconds: Double = 1) -> PullNote {
        PullNote(
            name: name, imageID: image.map { digest($0) }, strategy: "pull", reasons: "[]",
            date: Date(timeIntervalSince1970: seconds))
    }

    @Test("the last note of a name counts, the newest comes first")
    func newest() throws {
        try withDatabase { state in
            try state.note(note("a", "one", at: 1))
            try state.note(note("b", at: 2))
            try state.note(note("a", "two", at: 3))
            #expect(try state.pullNotes() == [note("a", "two", at: 3), note("b", at: 2)])
        }
    }

    @Test("forgotten by name and by image")
    func forgotten() throws {
        try withDatabase { state in
            for name in ["a", "b"] { try state.note(note(name, "one")) }
            try state.note(note("c", "two"))
            try state.note(note("d"))
            try state.forgetPulls(of: digest("one"))
            try state.forgetPull("d")
            #expect(try state.pullNotes() == [note("c", "two")])
        }
    }

    @Test("a name was pulled if it is noted or an image has it")
    func pulled() throws {
        try withDatabase { state in
            try state.note(note("a"))
            #expect(try state.hasPulled("a"))
            #expect(try !state.hasPulled("b"))
            try state.forgetPull("a")
            #expect(try !state.hasPulled("a"))
        }
    }

    @Test("the oldest make room")
    func bounded() throws {
        try withDatabase { state in
            for number in 0..<StateDatabase.maximumPullNotes + 2 {
                try state.note(note("image\(number)", at: Double(number)))
            }
            let names = Set(try state.pullNotes().map(\.name))
            #expect(names.count == StateDatabase.maximumPullNotes)
            #expect(names.isDisjoint(with: ["image0", "image1"]))
        }
    }
}
