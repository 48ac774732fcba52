internal import TOML

/// One value of CRI-O's configuration, and the file it comes from.
struct CRIOValue {
    var value: TOMLNode
    var file: String
}

extension PlanFiles {
    /// What CRI-O takes a key for: of its drop-ins the last that has it, else the main file (crio.conf.d(5)). A list replaces the earlier one.
    func crioValue(_ key: String, table: [String] = ["crio"]) throws(NodeError) -> CRIOValue? {
        for file in matches("\(StoragePlan.dropIns)/*").sorted().reversed() + [StoragePlan.crio] {
            guard let text = try text(file) else { continue }
            if let value = try parsed(text, file)[table + [key]] { return CRIOValue(value: value, file: file) }
        }
        return nil
    }

    func parsed(_ text: String, _ path: String) throws(NodeError) -> TOMLTable {
        do {
            return try TOMLTable(parsing: text)
        } catch {
            throw NodeError(.foreign, "\(path) is not TOML: \(error)")
        }
    }
}
