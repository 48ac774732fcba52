internal import FoundationEssentials
internal import GRDB
package import OCI

extension StateDatabase {
    /// Records a mount and ties the image's present layers to it, so that they outlive the image's removal.
    /// - Throws: `.conflict` if the id or the target is taken, or the image is unknown.
    package func addMount(_ mount: MountRecord) throws(StateError) {
        try write { database in
            let image = mount.imageID.description
            guard
                try Bool.fetchOne(
                    database, sql: "SELECT EXISTS (SELECT 1 FROM image WHERE id = ?)", arguments: [image]) == true
            else { throw StateError(.conflict, "image \(image) is not here; pull it first") }
            let taken = try String.fetchOne(
                database, sql: "SELECT id FROM mount WHERE target = ? OR id = ?", arguments: [mount.target, mount.id])
            if let taken {
                throw StateError(
                    .conflict, "mount \(taken) has this id or is at \(mount.target) already; unmount it first")
            }
            try database.execute(
                sql: "INSERT INTO mount (id, image, target, upperDirectory, createdAt) VALUES (?, ?, ?, ?, ?)",
                arguments: [mount.id, image, mount.target, mount.upperDirectory, mount.createdAt.milliseconds])
            try database.execute(
                sql: "INSERT INTO mountLayer (mount, layer) SELECT DISTINCT ?, layer FROM imageLayer WHERE image = ?",
                arguments: [mount.id, image])
        }
    }

    /// Forgets a mount. Layers that only it still needed, and none of `kept`, are forgotten with it and returned:
    /// their files may go.
    package func removeMount(_ id: String, keeping kept: Set<Digest>) throws(StateError) -> [LayerRecord] {
        try write { database in
            let slots = try Int64.fetchAll(
                database, sql: "SELECT layer FROM mountLayer WHERE mount = ? ORDER BY layer", arguments: [id])
            try database.execute(sql: "DELETE FROM mount WHERE id = ?", arguments: [id])
            return try Self.removeLayers(slots, keeping: kept, in: database)
        }
    }

    /// All mounts, oldest first.
    package func mounts() throws(StateError) -> [MountRecord] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM mount ORDER BY createdAt, id").map { try MountRecord($0) }
        }
    }

    package func mount(target: String) throws(StateError) -> MountRecord? {
        try read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM mount WHERE target = ?", arguments: [target])
                .map { try MountRecord($0) }
        }
    }

    /// Ids of the images that are mounted somewhere, removed ones too.
    package func imagesInUse() throws(StateError) -> Set<Digest> {
        try read { database in
            Set(try Row.fetchAll(database, sql: "SELECT DISTINCT image FROM mount").map { try $0.digest("image") })
        }
    }
}
