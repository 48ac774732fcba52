import Foundation
import TestSupport

extension Torture {
    /// Ends the daemon over and over, mostly by SIGKILL, and starts it again, every other time with a small cache; serves in the end.
    func kill(_ random: SplitMix) async throws {
        var random = random
        func pause(_ range: ClosedRange<Int>) async throws {
            try await Task.sleep(for: .milliseconds(Int.random(in: range, using: &random)))
        }
        var isSqueezed = false
        while !isOver {
            try await pause(1500...5000)
            noteKill()
            switch Int.random(in: 0..<10, using: &random) {
            case 0: try await node.stop()
            case 1:
                try await node.replaceKeeper()
                continue
            case 2:
                // Again while it starts.
                node.crash()
                checkLog()
                try node.launch()
                try await pause(0...400)
                node.crash()
            default: node.crash()
            }
            checkLog()
            try await pause(0...1500)
            isSqueezed.toggle()
            try configure(isSqueezed: isSqueezed)
            try await node.start()
        }
        if isSqueezed {
            try configure(isSqueezed: false)
            try await node.restart()
        }
    }

    /// Has what is beyond the budget given up all the time: by itself the daemon looks less often than it lives here.
    func squeeze(_ random: SplitMix) async throws {
        var random = random
        while !isOver {
            // While no daemon is there, it fails.
            _ = try await away("gc") { self.node.run("gc") }
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...800, using: &random)))
        }
    }

    /// A daemon that died by itself would otherwise be taken for one that was killed.
    private func checkLog() {
        let signs = ["Fatal error", "Program crashed", "cannot be resumed", "no keeper"]
        let log = node.daemon.log
        noteEvictions(log.ranges(of: "cold segments given up").count)
        for line in log.split(separator: "\n") where signs.contains(where: { line.contains($0) }) {
            note(trouble: "daemon: \(line)")
        }
    }

    /// Pulls, mounts, reads, unmounts and removes an image, over and over.
    func churn(_ subjects: [Subject], _ random: SplitMix) async throws {
        var random = random
        let target = try node.makeMountPoint()
        while !isOver, let subject = subjects.randomElement(using: &random) {
            try await live(subject, at: target, isRemovedFirst: Bool.random(using: &random))
        }
    }

    private func live(_ subject: Subject, at target: String, isRemovedFirst: Bool) async throws {
        let image = image(subject)
        try await insist(
            "pull", "--quiet", "--annotation", "imagelet.dev/strategy=\(subject.strategy)", image)
        notePull()
        try await insist("mount", image, target)
        if isRemovedFirst { try await insist("rm", image) }
        try await away("churn") { [self] in
            for reader in readers(of: subject, at: target) {
                if let trouble = judge(reader.readAll) { note(trouble: trouble) }
            }
        }
        try await insist("unmount", target)
        if !isRemovedFirst { try await insist("rm", image) }
    }

    /// Makes a call until it succeeds, as the kubelet would: the daemon may end in the middle of it.
    func insist(_ arguments: String...) async throws {
        let end = ContinuousClock.now + .seconds(600)
        let name = arguments[0]
        while true {
            let outcome = try await away(name) { self.node.run(arguments) }
            // What was answered to nobody is done all the same.
            if outcome.status == 0 || outcome.status == 3 && ["rm", "unmount"].contains(name) { return }
            noteRepeat(name)
            guard ContinuousClock.now < end else {
                throw TestNode.CommandFailed(description: "\(arguments): \(outcome.status): \(outcome.errors)")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
