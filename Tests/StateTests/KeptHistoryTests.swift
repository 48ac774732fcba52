import State
import Testing

@Suite("Kept history")
struct KeptHistoryTests {
    @Test("Documents replace those of their kind and id, others are forgotten, all in one step")
    func kept() throws {
        try withDirectory { directory in
            let path = directory + "/state.db"
            let state = try StateDatabase(path: path)
            let first = [
                KeptHistory(kind: "pull", id: 1, document: [1]), KeptHistory(kind: "start", id: 1, document: [2]),
                KeptHistory(kind: "pull", id: 2, document: [3]),
            ]
            try state.keep(first, forgetting: [])
            try state.keep([KeptHistory(kind: "pull", id: 2, document: [4])], forgetting: [("pull", 1), ("pull", 99)])
            try state.close()
            #expect(
                try StateDatabase(path: path).history() == [
                    KeptHistory(kind: "pull", id: 2, document: [4]), KeptHistory(kind: "start", id: 1, document: [2]),
                ])
        }
    }
}
