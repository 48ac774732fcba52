import OCI
import State
import Testing

@Suite("What was learned about indexes")
struct IndexTests {
    @Test("the index used is remembered until its image goes")
    func used() throws {
        try withDatabase { database in
            try database.pull("a")
            try database.pull("b", tags: ["x/b:1"])
            #expect(try database.usedIndex(manifest: digest("m a")) == nil)
            try database.setUsedIndex(digest("index 1"), manifest: digest("m a"))
            try database.setUsedIndex(digest("index 2"), manifest: digest("m a"))
            try database.setUsedIndex(digest("index 2"), manifest: digest("m b"))
            #expect(try database.usedIndex(manifest: digest("m a")) == digest("index 2"))
            _ = try database.removeImage(digest("a"), keeping: [])
            #expect(try database.usedIndex(manifest: digest("m a")) == nil)
            #expect(try database.usedIndex(manifest: digest("m b")) == digest("index 2"))
        }
    }

    @Test("a poisoned index is forgotten as used and known as bad for good")
    func poisoned() throws {
        try withDatabase { database in
            try database.pull("a")
            try database.setUsedIndex(digest("index"), manifest: digest("m a"))
            try database.poisonIndex(digest("index"), reason: "diffID of layer 3 differs")
            try database.poisonIndex(digest("index"), reason: "again")
            #expect(try database.usedIndex(manifest: digest("m a")) == nil)
            _ = try database.removeImage(digest("a"), keeping: [])
            #expect(try database.poisonedIndexes() == [digest("index"): "again"])
        }
    }

    @Test("a table of contents outlives its layer")
    func tableOfContents() throws {
        try withDatabase { database in
            try database.pull("a", layers: ["one"])
            let record = TableOfContentsRecord(layer: digest("one"), digest: digest("ztoc"), size: 77)
            #expect(try database.tableOfContents(layer: digest("one")) == nil)
            try database.setTableOfContents(record)
            _ = try database.removeImage(digest("a"), keeping: [])
            #expect(try database.tableOfContents(layer: digest("one")) == record)
            #expect(try database.removeTableOfContents(layer: digest("one")))
            #expect(try !database.removeTableOfContents(layer: digest("one")))
        }
    }
}
