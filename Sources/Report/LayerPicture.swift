internal import History
internal import OCI

/// Each layer as a band: its blob from the first byte (top) to the last, over time; at the right how it stands now.
struct LayerPicture {
    let start: StartRecord
    let report: HistoryReport

    /// Layers with a band of their own; the rest stands in the table.
    private static let maxLayers = 24
    private static let bandsHeight = 520.0
    private static let nowWidth = 46.0
    private static let gap = 14.0

    private struct Band {
        var number: Int
        var layer: LayerTally
        var standing: LayerStanding?
        var height: Double
    }

    var markup: Markup {
        let bands = bands
        let right = Drawing.right - Self.nowWidth - Self.gap
        let axis = TimeAxis(
            showing: events, atLeast: max(start.complete?.seconds ?? 0, 0.5), pause: 60, left: Drawing.left,
            width: right - Drawing.left)
        let top = 22.0
        var y = top
        var content = Markup.none
        for band in bands {
            content += drawn(band, y, axis, nowFrom: right + Self.gap)
            y += band.height + 8
        }
        let labels: Markup = """
            <text class="small" x="\(right + Self.gap + Self.nowWidth / 2)" y="\(top - 8)" text-anchor="middle">now</text>

            """
        return """
            <section id="layers">
            <h2>Layers: fetched, read, never read</h2>
            <p class="note">Each band is one layer from its first byte (top) to its last, lowest layer first; heights follow sizes. \(rest)</p>
            \(Drawing.legend([("read", "read"), ("fetched", "here, not read so far"), ("missing", "not here")]))\
            \(Drawing.picture("Layers over time", height: y + 18, axis.drawn(top: top, bottom: y - 4) + labels + content))</section>

            """
    }

    private var bands: [Band] {
        let chosen = Set(start.layers.sorted { $0.blobSize > $1.blobSize }.prefix(Self.maxLayers).map(\.digest))
        let layers = start.layers.enumerated().filter { chosen.contains($1.digest) }
        let total = max(1, layers.reduce(0.0) { $0 + Double($1.element.blobSize) })
        return layers.map { number, layer in
            let height = max(14, (Double(layer.blobSize) / total * Self.bandsHeight).rounded())
            return Band(
                number: number + 1, layer: layer, standing: report.standing(of: layer.digest), height: height)
        }
    }

    private var rest: String {
        let hidden = start.layers.count - bands.count
        return hidden > 0 ? "\(hidden) smaller layers stand in the table only." : ""
    }

    private var events: [(from: Double, to: Double)] {
        start.layers.flatMap(\.cells).flatMap { cell in
            [cell.firstFetched, cell.lastFetched, cell.read].compactMap { moment in
                moment.map { (from: $0.seconds, to: $0.seconds) }
            }
        }
    }

    private func drawn(_ band: Band, _ y: Double, _ axis: TimeAxis, nowFrom: Double) -> Markup {
        let name =
            "\(band.number): \(Measures.shortDigest(band.layer.digest.description)), \(size(band.layer.blobSize))"
        var drawn = Drawing.label(name, y: y + min(band.height / 2 + 4, 18))
        if band.height >= 32 {
            drawn += """
                <text class="small" x="\(Drawing.left - 10)" y="\(y + 33)" text-anchor="end">\(state(band))</text>

                """
        }
        let length = axis.left + axis.width
        drawn += Drawing.bar(
            "missing", x: Drawing.left, y: y, to: length, height: band.height, title: "\(name): not here")
        drawn += CellRuns(band.layer, axis: axis).drawn(y: y, height: band.height, name: name)
        drawn += now(band, y, from: nowFrom)
        return drawn
    }

    private func state(_ band: Band) -> String {
        guard let standing = band.standing else { return "not on this node any more" }
        let cells = band.layer.cells
        let read = cells.count { $0.read != nil } * 100 / cells.count
        return "\(standing.state), " + (standing.isReadPastUs ? "reads not seen" : "\(read) % read")
    }

    /// How the cells stand, without time.
    private func now(_ band: Band, _ y: Double, from x: Double) -> Markup {
        let cells = band.layer.cells
        let height = band.height / Double(cells.count)
        var drawn = Drawing.bar(
            "missing", x: x, y: y, to: x + Self.nowWidth, height: band.height, title: "now: not here")
        guard let standing = band.standing else { return drawn }
        for (number, cell) in cells.enumerated() {
            let part =
                number < standing.presence.count ? standing.presence[number] : standing.state == "complete" ? 1 : 0
            guard part > 0 else { continue }
            let what = cell.read != nil ? "read" : "never read"
            drawn += Drawing.bar(
                cell.read != nil ? "read" : "fetched", x: x, y: y + Double(number) * height,
                to: x + Self.nowWidth * part,
                height: min(height + 0.5, band.height - Double(number) * height),
                title: "now: \(Int(part * 100)) % of this part is here, \(what)")
        }
        return drawn
    }

    private func size(_ bytes: Int64) -> String { Measures.bytes(UInt64(max(0, bytes))) }
}
