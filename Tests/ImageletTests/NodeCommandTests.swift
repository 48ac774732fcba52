import Foundation
import Glibc
import TestSupport
import Testing

@Suite("node and doctor, run as a user would", .timeLimit(.minutes(5)))
struct NodeCommandTests {
    private func write(_ text: String, _ path: String) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    @Test("a dry run shows the diff that the installation makes, uninstall takes it back")
    func thereAndBack() async throws {
        let scratch = try ScratchDirectory()
        let main = scratch.path + "/etc/containerd/config.toml"
        let text = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n  snapshotter = \"overlayfs\"\n"
        try write("", scratch.path + "/usr/bin/containerd")
        try write(text, main)
        func run(_ arguments: String...) async throws -> CommandRun {
            try await CommandRun(["node"] + arguments + ["--root", scratch.path], directory: scratch.path)
        }

        let plan = try await run("install", "--dry-run")
        #expect(plan.status == 0)
        #expect(try String(contentsOfFile: main, encoding: .utf8) == text)
        #expect(
            plan.output.hasSuffix(
                """
                --- /etc/containerd/config.toml
                +++ /etc/containerd/config.toml
                @@ -1,3 +1,17 @@
                 version = 2
                 [plugins."io.containerd.grpc.v1.cri".containerd]
                -  snapshotter = "overlayfs"
                +# >>> imagelet: by 'imagelet node install'; 'imagelet node uninstall' takes it out
                +  disable_snapshot_annotations = false
                +  discard_unpacked_layers = false
                +# <<< imagelet
                +# >>> imagelet: by 'imagelet node install'; 'imagelet node uninstall' takes it out
                +#|   snapshotter = "overlayfs"
                +  snapshotter = "imagelet"
                +# <<< imagelet
                +# >>> imagelet: by 'imagelet node install'; 'imagelet node uninstall' takes it out
                +[proxy_plugins.imagelet]
                +  type = "snapshot"
                +  address = "/run/imagelet/snapshots.sock"
                +# <<< imagelet
                +# >>> imagelet: by 'imagelet node install'; 'imagelet node uninstall' takes it out
                +[proxy_plugins.imagelet.exports]
                +  root = "/var/lib/imagelet"
                +# <<< imagelet

                """.replacing("@@ -1,3 +1,17 @@", with: "@@ -1,3 +1,19 @@")), "\(plan.output)")

        let install = try await run("install")
        #expect(install.status == 0 && install.output == plan.output)
        #expect(install.talk == "installed for containerd\n")
        #expect(try await run("install").talk == "nothing to change\n")
        let uninstall = try await run("uninstall")
        #expect(uninstall.status == 0 && uninstall.talk == "uninstalled\n")
        #expect(uninstall.output.contains("\n+  snapshotter = \"overlayfs\"\n"))
        #expect(try String(contentsOfFile: main, encoding: .utf8) == text)
        let again = try await run("uninstall")
        #expect(again.status == 3 && again.talk == "imagelet: node uninstall: nothing is installed here\n")
    }

    @Test("what is refused has its own status")
    func refused() async throws {
        let scratch = try ScratchDirectory()
        try write("", scratch.path + "/usr/bin/containerd")
        try write("version = 1\n", scratch.path + "/etc/containerd/config.toml")
        let run = try await CommandRun(["node", "install", "--root", scratch.path], directory: scratch.path)
        #expect(run.status == 4 && run.output.isEmpty)
        #expect(run.talk.hasPrefix("imagelet: node install: /etc/containerd/config.toml is of version 1"))
    }

    @Test("a read-only /etc and a runtime nobody knows are refused with the reason, and nothing is changed")
    func readOnly() async throws {
        let scratch = try ScratchDirectory()
        try write("", scratch.path + "/usr/bin/containerd")
        try write("version = 2\n", scratch.path + "/etc/containerd/config.toml")
        func files() throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: scratch.path).sorted()
        }
        let before = try files()
        let unknown = try await CommandRun(
            ["node", "install", "--runtime", "docker", "--root", scratch.path], directory: scratch.path)
        #expect(unknown.status == 2 && unknown.talk.contains("containerd"), "\(unknown.talk)")
        #expect(try files() == before)
        guard geteuid() == 0 else { return }
        let mounting = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\""
        let run = try await CommandRun(
            ["node", "install", "--root", scratch.path], directory: scratch.path,
            in: ["unshare", "--mount", "sh", "-c", mounting, scratch.path + "/etc"])
        #expect(run.status != 0)
        #expect(run.talk.contains("/etc/") && run.talk.lowercased().contains("read-only"), "\(run.talk)")
        let state = ["var", "var/lib", "var/lib/imagelet"]
        #expect(try files().filter { !state.contains($0) } == before)
        // The same outside of that namespace is no different from a first time.
        let again = try await CommandRun(["node", "install", "--root", scratch.path], directory: scratch.path)
        #expect(again.status == 0, "\(again.talk)")
    }

    @Test("doctor says what does not work, by its status, too")
    func doctor() async throws {
        let scratch = try ScratchDirectory()
        let file = scratch.path + "/config.yaml"
        let header = "apiVersion: imagelet.dev/v1alpha1\nkind: ImageletConfiguration\n"
        try write(header + "sockets: {cri: \(scratch.path)/c, admin: \(scratch.path)/a}\n", file)
        let run = try await CommandRun(["doctor", "--config", file, "-o", "json"], directory: scratch.path)
        #expect(run.status == 1)
        let findings = try JSONDecoder().decode([[String: String]].self, from: Data(run.output.utf8))
        let daemon = try #require(findings.first { $0["check"] == "daemon" })
        #expect(daemon["verdict"] == "bad" && daemon["lookedAt"] == scratch.path + "/a")
        #expect(daemon["found"]?.contains("nobody answers") == true && daemon["advice"]?.isEmpty == false)
        let text = try await CommandRun(["doctor", "--config", file], directory: scratch.path)
        #expect(text.output.contains("\nbad      daemon: nobody answers"))
    }
}
