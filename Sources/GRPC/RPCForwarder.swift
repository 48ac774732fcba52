internal import GRPCCore
internal import GRPCNIOTransportHTTP2Posix

/// Passes calls on to another server as they are: bytes of messages, metadata both ways, status and trailers.
///
/// Nothing is decoded, so methods and fields nobody here has heard of pass, too, in any form of streaming.
struct RPCForwarder: Sendable {
    let transport: PatientTransport

    /// Answers `call` with what the other side answers; returns when it has been answered or its caller has gone.
    func forward(
        _ call: RPCStream<ForwardingTransport.Inbound, ForwardingTransport.Outbound>, _ context: ServerContext
    ) async {
        let end: End
        do {
            end = try await answering(context) { try await pass(call) }
        } catch {
            let error = (error as? RPCError) ?? RPCError(answering: error)
            end = End(status: Status(code: Status.Code(error.code), message: error.message), trailers: error.metadata)
        }
        // If the caller has gone there is nobody to tell.
        try? await call.outbound.write(.status(end.status, end.trailers))
        await call.outbound.finish()
    }

    private struct End: Sendable {
        var status: Status
        var trailers: Metadata
    }

    private func pass(_ call: RPCStream<ForwardingTransport.Inbound, ForwardingTransport.Outbound>) async throws -> End
    {
        // The deadline travels in the metadata, and our own caller's end cancels us.
        let options = RPCLimits.options(timeout: nil)
        return try await transport.withStream(descriptor: call.descriptor, options: options) { onward, _ in
            try await withThrowingTaskGroup(of: End?.self) { group in
                group.addTask {
                    try await Self.send(call.inbound, to: onward.outbound)
                    return nil
                }
                group.addTask { try await Self.receive(onward.inbound, for: call.outbound) }
                defer { group.cancelAll() }
                // The status may come before the request has been sent whole.
                while let end = try await group.next() {
                    if let end { return end }
                }
                throw RPCError(code: .internalError, message: "the runtime ended the call without a status")
            }
        }
    }

    /// - Throws: what is wrong with the request. That nobody takes any more of it is no failure: the answer says why.
    private static func send(
        _ request: ForwardingTransport.Inbound, to outbound: PatientTransport.Outbound
    ) async throws {
        for try await part in request {
            do {
                switch part {
                case .metadata(let metadata): try await outbound.write(.metadata(metadata.passedOn))
                case .message(let bytes): try await outbound.write(.message(bytes))
                }
            } catch {
                return
            }
        }
        await outbound.finish()
    }

    /// - Returns: what ended the answer; nil if nothing did.
    private static func receive(
        _ answer: PatientTransport.Inbound, for outbound: ForwardingTransport.Outbound
    ) async throws -> End? {
        for try await part in answer {
            switch part {
            case .metadata(let metadata): try await outbound.write(.metadata(metadata.passedOn))
            case .message(let bytes): try await outbound.write(.message(bytes))
            case .status(let status, let trailers): return End(status: status, trailers: trailers.passedOn)
            }
        }
        return nil
    }
}
