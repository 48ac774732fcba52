import Foundation

/// Debian's Chromium without a screen, with a profile of its own that is gone afterwards.
package struct Browser {
    /// Where a page looks wrong to somebody who reads it.
    package struct Look: Decodable {
        /// Texts of pictures that lie over each other, or beyond their picture.
        package var collisions: [String]
        package var cut: [String]
        /// Whether the page is wider than its window.
        package var overflows: Bool
        /// Counts of elements by selector.
        package var counts: [String: Int]
        /// The background's colour.
        package var paper: String
    }

    package static var isInstalled: Bool { Tool.isInstalled("chromium") }

    private let scratch: ScratchDirectory

    package init() throws { scratch = try ScratchDirectory() }

    /// Opens a page in a window as wide as given, and measures it.
    /// - Returns: what was seen, and what the browser complained of in its console.
    package func look(
        at page: String, isDark: Bool = false, width: Int = 1200, counting selectors: [String] = []
    ) throws -> (look: Look, complaints: [String]) {
        try scratch.write(Array(page.utf8), to: "page.html")
        try scratch.write(Array(Self.measure(selectors, width: width).utf8), to: "measure.html")
        let output = try run(
            ["--dump-dom", "--virtual-time-budget=20000", "file://\(scratch.file("measure.html"))"], isDark: isDark,
            width: width + 40)
        let document = String(decoding: output.output, as: UTF8.self)
        guard let start = document.range(of: "<pre>"), let end = document.range(of: "</pre>") else {
            throw Tool.Failure(
                description: "the browser measured nothing: \(document.prefix(400)) \(output.errors.suffix(2000))")
        }
        let json = document[start.upperBound..<end.lowerBound]
            .replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
            .replacingOccurrences(of: "&amp;", with: "&")
        let complaints = output.errors.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init)
        return (try JSONDecoder().decode(Look.self, from: Data(json.utf8)), complaints)
    }

    /// Draws a page into a PNG.
    package func draw(_ page: String, to path: String, isDark: Bool = false, width: Int = 1200, height: Int = 2400)
        throws
    {
        try scratch.write(Array(page.utf8), to: "page.html")
        _ = try run(
            ["--screenshot=\(path)", "--hide-scrollbars", "file://\(scratch.file("page.html"))"], isDark: isDark,
            width: width, height: height)
    }

    private func run(
        _ arguments: [String], isDark: Bool, width: Int, height: Int = 2400
    ) throws -> Tool.Output {
        // Debian's script asks for the memory of the machine and complains of containers; the program itself doesn't.
        let output = try Tool.run(
            [
                "timeout", "-k", "5", "180", "env", "HOME=\(scratch.path)", "XDG_CONFIG_HOME=\(scratch.path)",
                "XDG_CACHE_HOME=\(scratch.path)", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-background-networking",
                "--disable-component-update", "--allow-file-access-from-files", "--enable-logging=stderr",
                "--user-data-dir=\(scratch.file("profile"))", "--window-size=\(width),\(height)",
                "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
            ] + arguments, in: scratch.path)
        guard output.status == 0 else {
            throw Tool.Failure(description: "chromium ended with \(output.status): \(output.errors.suffix(2000))")
        }
        return output
    }

    /// A page that looks into the other: that one runs no script itself.
    private static func measure(_ selectors: [String], width: Int) -> String {
        let list = selectors.map { "\"\($0)\"" }.joined(separator: ", ")
        return """
            <!DOCTYPE html><meta charset="utf-8"><style>iframe { width: \(width)px; height: 2000px; border: 0 }</style>
            <iframe src="page.html" id="frame"></iframe><script>
            document.getElementById("frame").onload = () => {
              const view = document.getElementById("frame").contentWindow, page = view.document;
              const collisions = [], cut = [];
              for (const picture of page.querySelectorAll("svg[role=img]")) {
                const frame = picture.getBoundingClientRect();
                const texts = [...picture.querySelectorAll("text")].map(t => [t.firstChild?.data ?? "", t.getBoundingClientRect()]);
                texts.forEach(([text, box], index) => {
                  if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
                    cut.push(text);
                  for (const [other, place] of texts.slice(index + 1))
                    if (Math.min(box.right, place.right) - Math.max(box.left, place.left) > 1 &&
                        Math.min(box.bottom, place.bottom) - Math.max(box.top, place.top) > 3) collisions.push(text + " | " + other);
                });
              }
              const counts = {};
              for (const selector of [\(list)]) counts[selector] = page.querySelectorAll(selector).length;
              const out = document.createElement("pre");
              out.textContent = JSON.stringify({ collisions, cut, counts,
                overflows: page.documentElement.scrollWidth > view.innerWidth,
                paper: view.getComputedStyle(page.body).backgroundColor });
              document.body.append(out);
            };
            </script>
            """
    }
}
