import Foundation
import History
import TestSupport
import Testing

@testable import imagelet

@Suite("The history of a pod on a terminal")
struct HistoryTextTests {
    @Test("One pod is told of in lines of a terminal's width")
    func story() async throws {
        let report = await MadeHistory.report(
            files: ["/usr/bin/python3", "/usr/lib/\(String(repeating: "deep/", count: 40))end.so"])
        let text = HistoryText(report: report).pulls
        for part in [
            "pod ", "shop/web-0 (4f1c)", "because", "indexFound", "waited", "/usr/bin/python3", "end.so", "1 FAILED",
            "missing", "nothing",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
        #expect(HistoryText(report: report).pods(called: "web-0") == nil)
    }

    @Test("Nothing from outside moves the terminal's cursor")
    func controls() async {
        let report = await MadeHistory.report(
            image: "a\u{1b}[2J", pod: "b\u{1b}[31m\r", files: ["/c\u{1b}]0;title\u{7}"])
        let text = HistoryText(report: report).pulls
        #expect(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
        #expect(text.contains("/c\\u{1b}]0;title\\u{7}"))
    }

    @Test("Pods of one name are listed")
    func several() throws {
        let chronicle = Chronicle()
        for number in 0..<2 {
            _ = chronicle.asked("a:1", by: Pod(uid: "uid\(number)", name: "web", namespace: "n\(number)"))
        }
        let text = HistoryText(report: HistoryReport(pulls: chronicle.pulls, starts: [], layers: []))
        #expect(text.pods(called: "web")?.hasPrefix("2 pods are called 'web'; ask for one by its uid") == true)
    }
}
