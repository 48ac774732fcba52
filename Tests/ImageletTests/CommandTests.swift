import Foundation
import GRPC
import Glibc
import Testing

@Suite("The command, run as a user would", .timeLimit(.minutes(2)))
struct CommandTests {
    @Test("pull prints the id, and tells what happened")
    func pull() async throws {
        try await withPlayedDaemon { daemon in
            let run = try await CommandRun(
                ["pull", "example.org/a:1", "--annotation", "k=v=w"], directory: daemon.directory,
                environment: ["IMAGELET_CREDS": "me:pass:word"])
            #expect(run.status == 0)
            #expect(run.output == "sha256:example.org/a:1\n")
            #expect(run.talk.contains("example.org/a:1: pulled in "))
            #expect(run.talk.contains(", pull (belowThreshold: the image has 1 byte), "))
            let request = try #require(daemon.pullRequests.first)
            #expect(request.image.annotations == ["k": "v=w"])
            #expect(request.auth.username == "me" && request.auth.password == "pass:word")
        }
    }

    @Test("a quiet pull says nothing but the id, and sends no credentials it was not given")
    func quietPull() async throws {
        try await withPlayedDaemon { daemon in
            let run = try await CommandRun(["pull", "-q", "example.org/a:1"], directory: daemon.directory)
            #expect(run.status == 0 && run.output == "sha256:example.org/a:1\n" && run.talk.isEmpty)
            #expect(daemon.pullRequests.map(\.hasAuth) == [false])
        }
    }

    @Test("gc prints what went, or would", arguments: [false, true])
    func garbage(isDry: Bool) async throws {
        try await withPlayedDaemon { daemon in
            let run = try await CommandRun(["gc"] + (isDry ? ["--dry-run"] : []), directory: daemon.directory)
            #expect(run.status == 0, "\(run.talk)")
            let lines = run.output.split(separator: "\n").map(String.init)
            #expect(lines.first == "KIND      SIZE  NAME         WHY")
            #expect(lines[1] == "layer  5.0 MiB  sha256:0123  no image, mount or snapshot has it")
            #expect(lines.last == (isDry ? "would free 10.0 MiB" : "freed 5.0 MiB"))
            let json = try await CommandRun(["gc", "-o", "json"], directory: daemon.directory)
            #expect(json.output.contains("\"bytes\" : 5242880"))
        }
    }

    @Test("log-level asks for what was said, and prints what is written then")
    func logLevel() async throws {
        try await withPlayedDaemon { daemon in
            func run(_ arguments: String...) async throws -> CommandRun {
                try await CommandRun(["log-level"] + arguments, directory: daemon.directory)
            }
            #expect(try await run().output == "PART      LEVEL\ncri       info\nregistry  info\n")
            #expect(
                try await run("warning", "registry=debug").output
                    == "PART      LEVEL\ncri       warning\nregistry  debug\n")
            for wrong in ["loud", "cri=loud", "kitchen=debug", "=debug", "cri=", ""] {
                let refused = try await run(wrong)
                #expect(refused.status == 2 && refused.output.isEmpty, "\(wrong): \(refused.talk)")
            }
        }
    }

    @Test("config reload tells what is in force and what takes a restart")
    func reload() async throws {
        try await withPlayedDaemon { daemon in
            let run = try await CommandRun(["config", "reload"], directory: daemon.directory)
            #expect(run.status == 0, "\(run.talk)")
            #expect(
                run.output == """
                    KEY           OLD   NEW         IN FORCE
                    fill.enabled  true  false       now
                    runtime       none  containerd  after a restart

                    """)
            let json = try await CommandRun(["config", "reload", "-o", "json"], directory: daemon.directory)
            #expect(json.output.contains("\"isInForce\" : false"))
        }
    }

    @Test(
        "failures have their own exit status and one line",
        arguments: [
            (
                ["pull", "-q", "example.org/secret:1"], Int32(4),
                "imagelet: pull example.org/secret:1: example.org: 403 for this user\n"
            ),
            (
                ["pull", "-q", "example.org/down:1"], 5,
                "imagelet: pull example.org/down:1: RegistryUnavailable: example.org: timed out\n"
            ),
            (
                ["inspect", "none"], 3,
                "imagelet: none: not on this node; 'imagelet images' lists what is, 'imagelet pull' gets it\n"
            ),
            (
                ["status", "none"], 3,
                "imagelet: none: not on this node; 'imagelet images' lists what is, 'imagelet pull' gets it\n"
            ),
        ])
    func failures(arguments: [String], status: Int32, talk: String) async throws {
        try await withPlayedDaemon { daemon in
            let run = try await CommandRun(arguments, directory: daemon.directory)
            #expect(run.status == status)
            #expect(run.talk == talk)
            #expect(run.output.isEmpty)
        }
    }

    @Test("nobody listening is told with the socket's name")
    func noDaemon() async throws {
        let run = try await CommandRun(["images"], directory: "/nonexistent")
        #expect(run.status == 5)
        #expect(
            run.talk
                == "imagelet: list images: nobody answers at unix:///nonexistent/cri.sock; is the daemon running, and is its "
                + "socket open to you?\n")
    }

    @Test("rm removes what there is and names what there is not")
    func remove() async throws {
        try await withPlayedDaemon { daemon in
            _ = try await CommandRun(["pull", "-q", "example.org/a:1"], directory: daemon.directory)
            let run = try await CommandRun(["rm", "none", "example.org/a:1"], directory: daemon.directory)
            #expect(run.status == 3)
            #expect(run.output == "sha256:example.org/a:1\n")
            #expect(run.talk.hasPrefix("imagelet: none: not on this node"))
            #expect(try await CommandRun(["images", "-q"], directory: daemon.directory).output.isEmpty)
        }
    }

    @Test("a reader that goes away is no error")
    func brokenPipe() async throws {
        let process = Process()
        let tests = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
        process.executableURL = tests.appendingPathComponent("imagelet")
        process.arguments = ["pull", "--help"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try pipe.fileHandleForReading.close()
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        #expect(status == 0)
        #expect(process.terminationReason == .exit)
    }
}

@Suite("Mounts", .enabled(if: geteuid() == 0, "mount(2) needs root"), .timeLimit(.minutes(2)))
struct MountCommandTests {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("a mount shows the layers on top of each other, and takes writes")
    func writable() async throws {
        try await withPlayedDaemon { daemon in
            let target = "\(daemon.directory)/root"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            let run = try await CommandRun(["mount", "image", target], directory: daemon.directory)
            #expect(run.status == 0, "\(run.talk)")
            #expect(run.output == target + "\n")
            #expect(try text("\(target)/a") == "upper" && text("\(target)/b") == "lower")
            try Data("new".utf8).write(to: URL(fileURLWithPath: "\(target)/b"))
            #expect(try text("\(target)/b") == "new")
            #expect(try text("\(daemon.directory)/store/1/b") == "lower")
            #expect(daemon.committed.values.sorted() == [target])

            let unmount = try await CommandRun(["unmount", target], directory: daemon.directory)
            #expect(unmount.status == 0, "\(unmount.talk)")
            #expect(daemon.committed.isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)

            let again = try await CommandRun(["unmount", target], directory: daemon.directory)
            #expect(again.status == 3)
        }
    }

    @Test("a read-only mount takes none, and JSON tells how to run it")
    func readOnly() async throws {
        try await withPlayedDaemon { daemon in
            let target = "\(daemon.directory)/root"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            let run = try await CommandRun(
                ["mount", "--read-only", "-o", "json", "image", target], directory: daemon.directory)
            defer { _ = umount2(target, 0) }
            #expect(run.status == 0, "\(run.talk)")
            #expect(run.output.contains("\"PATH=/bin\"") && run.output.contains("\"workingDirectory\" : \"/\""))
            #expect(open("\(target)/new", O_CREAT | O_WRONLY, 0o600) == -1)
            #expect(errno == EROFS)
        }
    }

    @Test("a mount that fails is released")
    func failing() async throws {
        try await withPlayedDaemon { daemon in
            let target = "\(daemon.directory)/root"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            let run = try await CommandRun(["mount", "broken", target], directory: daemon.directory)
            #expect(run.status == 3)
            #expect(run.talk == "imagelet: mount at \(target): mount \(target): No such file or directory\n")
            #expect(daemon.committed.isEmpty)
        }
    }

    @Test("what others mounted stays mounted")
    func foreignMount() async throws {
        try await withPlayedDaemon { daemon in
            let target = "\(daemon.directory)/foreign"
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            try #require(mount("tmpfs", target, "tmpfs", 0, nil) == 0)
            defer { _ = umount2(target, 0) }
            try Data().write(to: URL(fileURLWithPath: "\(target)/file"))
            let run = try await CommandRun(["unmount", target], directory: daemon.directory)
            #expect(run.status == 3)
            #expect(FileManager.default.fileExists(atPath: "\(target)/file"))
        }
    }
}
