/// One document about the past, opaque here.
package struct KeptHistory: Sendable, Equatable {
    package var kind: String
    package var id: Int64
    package var document: [UInt8]

    package init(kind: String, id: Int64, document: [UInt8]) {
        self.kind = kind
        self.id = id
        self.document = document
    }
}
