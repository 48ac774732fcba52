import Config
import Foundation
import TOML
import Testing

@testable import Node

@Suite("What CRI-O and Podman are told")
struct StorageTests {
    private let listing = TOMLNode.string("/var/lib/imagelet/images")
    private let stores = ["storage", "options", "additionalimagestores"]

    private func leaves(_ text: String) throws -> [[String]: TOMLNode] { try TOMLTable(parsing: text).leaves }

    @Test func theListInStorageConfGrows() throws {
        let node = try NodeFixture(Nodes.crio.merging([Nodes.storage: Nodes.storageExample]) { $1 })
        let plan = try node.plan()
        #expect(plan.runtime == .crio && plan.restarts == ["imagelet.service", "crio.service"])
        try node.install()
        var wanted = try leaves(Nodes.storageExample)
        wanted[stores] = .array([.string("/usr/lib/containers/storage"), listing])
        #expect(try leaves(node.text(Nodes.storage)) == wanted)
        #expect(try node.text("/etc/imagelet/config.d/90-node.yaml").hasSuffix("\nruntime: crio\n"))
        #expect(try node.text("/etc/systemd/system/crio.service.d/10-imagelet.conf") == InstallPlan.unitText)
        // Named, it has to be there.
        #expect(try node.snapshot()["var/lib/imagelet/images"] != nil)
        #expect(try node.snapshot()["etc/crio/crio.conf.d/90-imagelet.conf"] == nil)
    }

    /// Others may edit around our lines.
    @Test func whatOthersChangeSinceStays() throws {
        let node = try NodeFixture(Nodes.crio.merging([Nodes.storage: Nodes.storageExample]) { $1 })
        try node.install()
        try node.write(Nodes.storage, node.text(Nodes.storage).replacing("metacopy=on", with: "metacopy=off"))
        try node.uninstall()
        #expect(try node.text(Nodes.storage) == Nodes.storageExample.replacing("metacopy=on", with: "metacopy=off"))
    }

    @Test(arguments: [
        "[storage]\ndriver = \"overlay\"\n",
        "[storage]\n[storage.options]\n# additionalimagestores = [\n# ]\nsize = \"\"\n",
        "[storage.options]\nadditionalimagestores = []",
        "[storage.options]\n\"additionalimagestores\" = ['/a', '/b'] # two\n",
    ])
    func whateverStandsThere(text: String) throws {
        let node = try NodeFixture(Nodes.crio.merging([Nodes.storage: text]) { $1 })
        try node.install()
        var (wanted, found) = (try leaves(text), try leaves(node.text(Nodes.storage)))
        let before = wanted.removeValue(forKey: stores)
        let after = found.removeValue(forKey: stores)
        #expect(found == wanted)
        guard case .array(let items)? = before ?? .array([]) else { return }
        #expect(after == .array(items + [listing]))
    }

    @Test func theVendorsFileIsCarriedOver() throws {
        let node = try NodeFixture(
            Nodes.crio.merging(["/usr/share/containers/storage.conf": Nodes.storageExample]) { $1 })
        try node.install()
        let ours = try leaves(node.text(Nodes.storage))
        #expect(ours[["storage", "options", "overlay", "mountopt"]] == .string("nodev,metacopy=on"))
        #expect(ours[stores] == .array([.string("/usr/lib/containers/storage"), listing]))
    }

    @Test func optionsOfItsOwnAreAddedTo() throws {
        let own = "[crio]\nstorage_option = [\"overlay.mountopt=nodev\"]\n"
        for path in ["/etc/crio/crio.conf", "/etc/crio/crio.conf.d/50-x.conf"] {
            let node = try NodeFixture(Nodes.crio.merging([path: own]) { $1 })
            try node.install()
            let dropIn = try leaves(node.text("/etc/crio/crio.conf.d/90-imagelet.conf"))
            let options = ["overlay.mountopt=nodev", "overlay.imagestore=/var/lib/imagelet/images"]
            #expect(dropIn == [["crio", "storage_option"]: .array(options.map { .string($0) })])
        }
    }

    @Test func aSocketElsewhereIsFound() throws {
        let listen = "[crio.api]\nlisten = \"/run/own/crio.sock\"\n"
        let node = try NodeFixture(Nodes.crio.merging(["/etc/crio/crio.conf": listen]) { $1 })
        try node.install()
        let text = try node.text("/etc/imagelet/config.d/90-node.yaml")
        #expect(text.hasSuffix("runtime: crio\nsockets:\n  runtime: /run/own/crio.sock\n"))
    }

    @Test func theManifestsSayTheSame() throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../manifests/crio")
        func manifest(_ name: String) throws -> String {
            try String(contentsOf: directory.appending(path: name), encoding: .utf8)
        }
        let path = ImageletConfiguration().imageStore
        #expect(try leaves(manifest("storage.conf")) == leaves(StoragePlan.wholeFile(path)))
        let options = ["overlay.mountopt=nodev", StoragePlan.driverOption(path)]
        #expect(try leaves(manifest("90-imagelet.conf")) == leaves(StoragePlan.dropIn(options)))
    }
}
