/// Where the data of a sparse file lies (GNU tar manual, Sparse Formats); the text form is that of `GNU.sparse.map`.
struct SparseMap {
    /// One run of data. What lies between runs is a hole.
    struct Piece: Sendable, Equatable {
        var fileOffset: Int64
        var tarOffset: Int64
        var length: Int64
    }

    static let mapKey = Array("GNU.sparse.map".utf8)
    static let sizeKey = Array("GNU.sparse.size".utf8)

    /// Ascending, without overlap, none empty.
    private(set) var pieces: [Piece] = []
    /// Length of the file.
    let size: Int64

    /// - Parameters:
    ///   - numbers: offset, length, offset, length … of the data in the file.
    ///   - size: length of the file.
    ///   - contentOffset: where the stored bytes begin in the tar.
    ///   - storedSize: how many there are; more than the map needs are ignored.
    /// - Throws: `.malformed` unless the runs ascend, lie in the file, and have their bytes.
    init(_ numbers: [Int64], size: Int64, contentOffset: Int64, storedSize: Int64) throws(LayerFormatError) {
        self.size = size
        guard size >= 0, contentOffset >= 0, storedSize >= 0, storedSize <= Int64.max - contentOffset,
            numbers.count.isMultiple(of: 2)
        else { throw Self.malformed }
        var end: Int64 = 0
        var stored: Int64 = 0
        for index in stride(from: 0, to: numbers.count, by: 2) {
            let (offset, length) = (numbers[index], numbers[index + 1])
            guard offset >= end, length >= 0, offset <= size, length <= size - offset, length <= storedSize - stored
            else { throw Self.malformed }
            if length > 0 {
                pieces.append(Piece(fileOffset: offset, tarOffset: contentOffset + stored, length: length))
            }
            stored += length
            end = offset + length
        }
    }

    /// The numbers of a `GNU.sparse.map`; an empty text is an empty map.
    static func numbers(_ text: [UInt8]) throws(LayerFormatError) -> [Int64] {
        guard !text.isEmpty else { return [] }
        var numbers: [Int64] = []
        for part in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let number = TarNumber.decimal(part), number >= 0 else { throw malformed }
            numbers.append(number)
        }
        return numbers
    }

    /// The text of a `GNU.sparse.map`.
    static func text(_ numbers: [Int64]) -> [UInt8] {
        Array(numbers.map(String.init).joined(separator: ",").utf8)
    }

    static let malformed = LayerFormatError(
        .malformed, "the map of a sparse file contradicts itself or the file's size")
}
