import GRPC
import Testing

@testable import imagelet

@Suite("Options of an overlay")
struct OverlayMountTests {
    private static func plan(slots: [UInt32], upper: String = "", work: String = "") -> AdminPrepareMountResponse {
        var plan = AdminPrepareMountResponse()
        plan.layerDirectory = "/var/lib/imagelet/store"
        plan.slots = slots
        plan.upperDirectory = upper
        plan.workDirectory = work
        plan.emptyDirectory = "/m/empty"
        return plan
    }

    @Test("layers are named relative to the store, top first")
    func writable() throws {
        let mount = try OverlayMount(Self.plan(slots: [12, 3], upper: "/m/upper", work: "/m/work"))
        #expect(mount.directory == "/var/lib/imagelet/store")
        #expect(mount.options == "lowerdir=12:3,upperdir=/m/upper,workdir=/m/work")
    }

    @Test("a hundred layers with long numbers leave most of the page")
    func manyLayers() throws {
        let slots = (0..<100).map { UInt32(1_000_000 + $0) }
        let mount = try OverlayMount(Self.plan(slots: slots, upper: "/m/upper", work: "/m/work"))
        #expect(mount.options.utf8.count < 1024)
    }

    @Test("read-only mounts have two lower directories at least")
    func readOnly() throws {
        #expect(try OverlayMount(Self.plan(slots: [12, 3])).options == "lowerdir=12:3")
        #expect(try OverlayMount(Self.plan(slots: [12])).options == "lowerdir=12:/m/empty")
        #expect(throws: CommandError.self) { try OverlayMount(Self.plan(slots: [])) }
    }

    @Test("an image without layers can be written to")
    func noLayers() throws {
        let mount = try OverlayMount(Self.plan(slots: [], upper: "/m/upper", work: "/m/work"))
        #expect(mount.options == "lowerdir=/m/empty,upperdir=/m/upper,workdir=/m/work")
    }

    @Test("separators in paths are escaped")
    func escaping() throws {
        let mount = try OverlayMount(Self.plan(slots: [1], upper: #"/a,b:c\d/upper"#, work: "/w"))
        #expect(mount.options == #"lowerdir=1,upperdir=/a\,b:c\\d/upper,workdir=/w"#)
    }
}
