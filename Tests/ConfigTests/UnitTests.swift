import Config
import Testing

@Suite("Sizes and durations")
struct UnitTests {
    @Test(
        "sizes are read and written",
        arguments: [
            ("0", 0, "0"), ("1023", 1023, "1023"), ("1024", 1024, "1Ki"), ("250Mi", 250 << 20, "250Mi"),
            ("20Gi", 20 << 30, "20Gi"), ("1024Gi", 1 << 40, "1Ti"), ("5M", 5_000_000, "5000000"),
            ("1k", 1000, "1000"), ("2G", 2_000_000_000, "1953125Ki"), ("1T", 1_000_000_000_000, "976562500Ki"),
            ("8191Pi", 8191 << 50, "8191Pi"), ("9223372036854775807", .max, "9223372036854775807"), ("007", 7, "7"),
        ] as [(String, Int64, String)])
    func size(_ text: String, _ bytes: Int64, _ written: String) {
        #expect(ByteCount(text)?.bytes == bytes)
        #expect(ByteCount(bytes).description == written)
    }

    @Test(
        "no sizes",
        arguments: [
            "", "Mi", "-1", "+1", "1.5Gi", "1 Gi", "1gi", "1K", "1MB", "8192Pi", "9223372036854775808", "1Gi ", "１",
            "0x10", "1e3", "9999999999999999999999Ki",
        ])
    func noSize(_ text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(
        "shares of a volume are read and written",
        arguments: [
            ("15%", .percent(15), "15%"), ("0%", .percent(0), "0%"), ("100%", .percent(100), "100%"),
            ("10Gi", .size(ByteCount(10 << 30)), "10Gi"), ("0", .size(ByteCount(0)), "0"),
        ] as [(String, Share, String)])
    func share(_ text: String, _ share: Share, _ written: String) {
        #expect(Share(text) == share)
        #expect(share.description == written)
    }

    @Test(
        "no shares",
        arguments: ["", "%", "101%", "-1%", "1.5%", "15 %", "+5%", "15%%", "99999999999999999999%", "x"])
    func noShare(_ text: String) {
        #expect(Share(text) == nil)
    }

    @Test(
        "durations are read and written",
        arguments: [
            ("1s", 1000, "1s"), ("90s", 90_000, "1m30s"), ("1m30s", 90_000, "1m30s"), ("3600s", 3_600_000, "1h"),
            ("1h", 3_600_000, "1h"), ("1500ms", 1500, "1s500ms"), ("59m59s999ms", 3_599_999, "59m59s999ms"),
        ] as [(String, Int64, String)])
    func duration(_ text: String, _ milliseconds: Int64, _ written: String) throws {
        let configuration = try parse(text)
        #expect(configuration.transfers.readTimeout == .milliseconds(milliseconds))
        #expect(try configuration.yaml.contains("readTimeout: \(written)\n"))
    }

    @Test(
        "no durations",
        arguments: [
            "", "s", "1", "30", "1.5s", "-1s", "1s1m", "1s1s", "1 s", "1S", "1d", "1us", "999999999999999999999s",
            "9223372036854775807h", "1s ", "1m30", "\"\"",
        ])
    func noDuration(_ text: String) {
        let error = #expect(throws: ConfigError.self) { try parse(text) }
        #expect(error?.code == .invalidValue)
    }

    private func parse(_ duration: String) throws -> ImageletConfiguration {
        let header = "apiVersion: imagelet.dev/v1alpha1\nkind: ImageletConfiguration\n"
        let quoted = duration.hasPrefix("\"") ? duration : "\"\(duration)\""
        return try .parse(header + "transfers: {readTimeout: \(quoted)}\n", file: "c.yaml")
    }
}
