package import FoundationEssentials
internal import OCI
internal import Synchronization

/// One record as it is kept over restarts.
package struct HistoryDocument: Sendable, Equatable {
    package enum Kind: String, Sendable { case pull, start }

    package struct Name: Sendable, Hashable {
        package var kind: Kind
        package var id: Int64

        package init(kind: Kind, id: Int64) {
            self.kind = kind
            self.id = id
        }
    }

    package var name: Name
    /// JSON.
    package var bytes: [UInt8]

    package init(name: Name, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

extension Chronicle {
    /// What is to be written, and what goes.
    package struct Changes: Sendable {
        package var documents: [HistoryDocument] = []
        package var forgotten: [HistoryDocument.Name] = []

        package var isEmpty: Bool { documents.isEmpty && forgotten.isEmpty }
    }

    /// What is new since the last call: pulls at once, starts ever more rarely, from two seconds to a minute apart.
    /// - Parameter all: whatever the time.
    package func changes(all: Bool, now: ContinuousClock.Instant = .now) -> Changes {
        let (pulls, starts, forgotten) = state.withLock { state in
            var pulls: [PullRecord] = []
            for index in state.pulls.indices where state.pulls[index].isNews {
                state.pulls[index].isNews = false
                pulls.append(state.pulls[index].record)
            }
            var starts: [StartRecord] = []
            for index in state.starts.indices where state.starts[index].isNews {
                let age = now - state.starts[index].origin
                guard all || now - state.starts[index].lastKept >= min(max(age / 5, .seconds(2)), .seconds(60)) else {
                    continue
                }
                (state.starts[index].isNews, state.starts[index].lastKept) = (false, now)
                starts.append(state.starts[index].record)
            }
            defer { state.forgotten = [] }
            return (pulls, starts, state.forgotten)
        }
        var changes = Changes(forgotten: forgotten)
        for pull in pulls { changes.add(pull, .pull, id: pull.id) }
        for start in starts { changes.add(start, .start, id: start.id) }
        return changes
    }

    /// They could not be written: they are told again.
    package func lost(_ changes: Changes) {
        let names = Set(changes.documents.map(\.name))
        state.withLock { state in
            for index in state.pulls.indices where names.contains(.init(kind: .pull, id: state.pulls[index].record.id))
            {
                state.pulls[index].isNews = true
            }
            for index in state.starts.indices
            where names.contains(.init(kind: .start, id: state.starts[index].record.id)) {
                state.starts[index].isNews = true
            }
            state.forgotten = Array((changes.forgotten + state.forgotten).suffix(Limits.pulls + Limits.starts))
        }
    }

    /// Takes over what an earlier process kept. What cannot be read is forgotten: it is for people to look at, and nothing depends on it.
    package func restore(_ documents: [HistoryDocument], now: ContinuousClock.Instant = .now, today: Date = Date()) {
        state.withLock { state in
            for document in documents {
                state.lastID = max(state.lastID, document.name.id)
                do {
                    switch document.name.kind {
                    case .pull:
                        var pull: PullRecord = try document.record()
                        let wasUnderWay = pull.outcome == .underWay
                        if wasUnderWay { pull.outcome = .interrupted }
                        state.pulls.append(
                            Told(record: pull, origin: now - pull.asked.elapsed(until: today), isNews: wasUnderWay))
                    case .start:
                        let start: StartRecord = try document.record()
                        state.starts.append(
                            Running(
                                record: start, origin: now - start.began.elapsed(until: today), isNews: false,
                                lastLook: now, lastKept: now))
                    }
                } catch {
                    state.forgotten.append(document.name)
                }
            }
            state.pulls.sort { $0.record.id < $1.record.id }
            state.starts.sort { $0.record.id < $1.record.id }
            state.bound()
            state.reindex()
        }
    }
}

extension Chronicle.Changes {
    fileprivate mutating func add(_ record: some Encodable, _ kind: HistoryDocument.Kind, id: Int64) {
        // Numbers and texts: cannot fail.
        guard let bytes = try? OCIDocument.encode(record) else { return }
        documents.append(HistoryDocument(name: .init(kind: kind, id: id), bytes: bytes))
    }
}

extension HistoryDocument {
    fileprivate func record<Record: Decodable & Identifiable>() throws -> Record where Record.ID == Int64 {
        let record = try OCIDocument.decode(
            Record.self, from: bytes, what: "record of a \(name.kind.rawValue)", error: .invalidConfig)
        guard record.id == name.id else { throw OCIError(.invalidConfig, "the record is another's") }
        return record
    }
}
