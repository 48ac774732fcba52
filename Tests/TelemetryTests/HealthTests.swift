import Telemetry
import Testing

@Suite("Health")
struct HealthTests {
    @Test("A report names each part and what is wrong with it")
    func report() async {
        let report = await HealthReport([
            HealthCheck("store") { nil }, HealthCheck("runtime") { "nobody answers" },
        ])
        #expect(!report.isHealthy)
        #expect(
            report.text("readyz") == """
                [+]store ok
                [-]runtime failed: nobody answers
                readyz check failed

                """)
        #expect(await HealthReport([HealthCheck("store") { nil }]).text("livez") == "[+]store ok\nlivez check passed\n")
    }

    @Test("A part that does not answer is in trouble, and holds up nobody")
    func silence() async {
        let report = await HealthReport(
            [
                HealthCheck("stuck") {
                    try? await Task.sleep(for: .seconds(3600))
                    return nil
                },
                HealthCheck("well") { nil },
            ], limit: .seconds(2))
        #expect(report.parts.map(\.name) == ["stuck", "well"])
        #expect(report.parts[0].trouble?.contains("no answer") == true)
        #expect(report.parts[1].trouble == nil)
    }
}
