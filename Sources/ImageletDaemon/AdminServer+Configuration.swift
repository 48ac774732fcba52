internal import Config
internal import GRPC
internal import Logging

/// What the command changes in the running daemon.
extension AdminServer {
    func reloadConfiguration(
        _ request: AdminReloadConfigurationRequest
    ) async throws -> AdminReloadConfigurationResponse {
        try await log.recording("ReloadConfiguration", at: .info) {
            var answer = AdminReloadConfigurationResponse()
            do {
                let reading = try reload.now()
                answer.inForce = reading.inForce.map { AdminKeyChange($0) }
                answer.needsRestart = reading.needsRestart.map { AdminKeyChange($0) }
            } catch {
                throw RPCFailure(.failedPrecondition, "the old configuration stays in force: \(error)")
            }
            return answer
        }
    }

    func setLogLevels(_ request: AdminSetLogLevelsRequest) async throws -> AdminSetLogLevelsResponse {
        try await log.recording("SetLogLevels", at: .debug) {
            let levels = try request.levels(
                since: request.reset ? reload.configuration.value.log : reload.log.configuration)
            reload.setLogLevels(levels)
            var answer = AdminSetLogLevelsResponse()
            answer.parts = ImageletConfiguration.Levels.Part.allCases.map { part in
                var one = AdminPartLogLevel()
                one.part = part.rawValue
                one.level = (levels.levels[part] ?? levels.level).rawValue
                return one
            }
            return answer
        }
    }
}

extension AdminSetLogLevelsRequest {
    /// What it makes of these levels.
    /// - Throws: if it names a part or a level that is none.
    fileprivate func levels(
        since before: ImageletConfiguration.Log
    ) throws(RPCFailure) -> ImageletConfiguration.Log {
        var levels = before
        if !level.isEmpty {
            levels = ImageletConfiguration.Log()
            levels.level = try Self.known(level, as: "level")
        }
        for (name, level) in parts {
            let part: ImageletConfiguration.Levels.Part = try Self.known(name, as: "part")
            levels.levels[part] = try Self.known(level, as: "level")
        }
        return levels
    }

    private static func known<Value: CaseIterable & RawRepresentable<String>>(
        _ text: String, as what: String
    ) throws(RPCFailure) -> Value {
        guard let value = Value(rawValue: text) else {
            let all = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw RPCFailure(.invalidArgument, "no \(what) \(text); there are \(all)")
        }
        return value
    }
}

extension AdminKeyChange {
    fileprivate init(_ change: KeyChange) {
        self.init()
        key = change.path
        old = change.old
        new = change.new
    }
}
