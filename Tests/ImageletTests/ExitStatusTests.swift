import GRPC
import Linux
import Testing

@testable import imagelet

@Suite("How commands end")
struct ExitStatusTests {
    @Test("numbers never change")
    func numbers() {
        #expect(
            imagelet.ExitStatus.summary
                == "0 success, 1 failure, 2 wrong usage, 3 not found, 4 refused, 5 daemon or registry unavailable")
    }

    @Test(
        "a failed call",
        arguments: [
            (RPCFailure(.notFound, "m"), imagelet.ExitStatus.notFound),
            (RPCFailure(.unauthenticated, "m"), .refused),
            (RPCFailure(.permissionDenied, "m"), .refused),
            (RPCFailure(.failedPrecondition, "m"), .refused),
            (RPCFailure(.unavailable, "m"), .unavailable),
            (RPCFailure(.deadlineExceeded, "m"), .unavailable),
            (RPCFailure(.unknown, "RegistryUnavailable: m"), .unavailable),
            (RPCFailure(.unknown, "m"), .failure),
            (RPCFailure(.invalidArgument, "m"), .usage),
            (RPCFailure(.internalError, "m"), .failure),
            (RPCFailure(.dataLoss, "m"), .failure),
        ])
    func calls(failure: RPCFailure, status: imagelet.ExitStatus) {
        let error = CommandError("pull a", failure)
        #expect(error.status == status)
        #expect(error.message == "pull a: \(failure.message)")
    }

    @Test("a failed system call")
    func systemCalls() {
        let refused = CommandError("mount at /mnt", LinuxError(.notPermitted, "mount", "/mnt"))
        #expect(refused.status == .refused)
        #expect(refused.message == "mount at /mnt: mount /mnt: Operation not permitted; try it as root")
        let busy = CommandError("unmount /mnt", LinuxError(.busy, "umount2", "/mnt"))
        #expect(busy.status == .refused)
        #expect(busy.message == "unmount /mnt: umount2 /mnt: Device or resource busy")
        #expect(CommandError("unmount /mnt", LinuxError(.noEntry, "umount2", "/mnt")).status == .notFound)
        #expect(CommandError("unmount /mnt", LinuxError(.ioError, "umount2", "/mnt")).status == .failure)
    }

    @Test(
        "a command line",
        arguments: [
            (["images", "--bogus"], imagelet.ExitStatus.usage),
            (["nonsense"], .usage),
            (["pull"], .usage),
            (["pull", "a", "--creds", "nocolon"], .usage),
            (["pull", "a", "--annotation", "=x"], .usage),
            (["images", "--endpoint", "tcp://127.0.0.1:1"], .usage),
            (["images", "--endpoint", "unix:///nonexistent/imagelet.sock"], .unavailable),
            (["mount", "a", "/nonexistent/directory"], .notFound),
        ])
    func arguments(arguments: [String], status: imagelet.ExitStatus) async {
        #expect(await Imagelet.run(arguments) == status)
    }
}
