/// Field numbers and constants of a zTOC (soci.md 1.1, 2.1, 2.7).
enum ZTOCLayout {
    static let version = Array("0.9".utf8)

    enum Root {
        static let version = 0
        static let buildTool = 1
        static let blobSize = 2
        static let contentSize = 3
        static let toc = 4
        static let compression = 5
        static let count = 6
    }

    enum Contents {
        static let entries = 0
        static let count = 1
    }

    enum Entry {
        static let name = 0
        static let type = 1
        static let offset = 2
        static let size = 3
        static let linkName = 4
        static let mode = 5
        static let uid = 6
        static let gid = 7
        static let userName = 8
        static let groupName = 9
        static let modified = 10
        static let deviceMajor = 11
        static let deviceMinor = 12
        static let records = 13
        static let count = 14
    }

    enum Record {
        static let key = 0
        static let value = 1
        static let count = 2
    }

    enum Compression {
        static let algorithm = 0
        static let lastSpan = 1
        static let digests = 2
        static let checkpoints = 3
        static let count = 4

        static let gzip: Int8 = 1
        static let none: Int8 = 2
    }

    enum TarZinfo {
        static let version = 0
        static let spanSize = 1
        static let size = 2
        static let count = 3

        static let currentVersion: UInt32 = 2
    }

    enum CheckpointBlob {
        static let headerSize = 12
        /// `in`, `out`, `bits`, then the window.
        static let fieldsSize = 17
        static let recordSize = 32785
    }
}
