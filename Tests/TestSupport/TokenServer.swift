import Foundation
import Synchronization

/// A token server as the Distribution documents describe it, for a `TestRegistry` with `.token` access: GET with Basic credentials or
/// without, and the OAuth2 POST with password or refresh token. Tokens are real ones, which the registry checks.
package final class TokenServer: Sendable {
    package struct Options: Sendable {
        package var users: [String: String]
        /// Repositories that need no credentials for pull.
        package var anonymousPull: Bool
        /// Life of a token; nil: the answer has no `expires_in`, and the token lives 60 s.
        package var expiresIn: Int?
        /// Status for every POST, as of servers that have only the GET.
        package var postStatus: Int?

        package init(
            users: [String: String] = ["user": "password"], anonymousPull: Bool = false, expiresIn: Int? = 300,
            postStatus: Int? = nil
        ) {
            self.users = users
            self.anonymousPull = anonymousPull
            self.expiresIn = expiresIn
            self.postStatus = postStatus
        }
    }

    /// One exchange as it was asked for.
    package struct Exchange: Sendable {
        package var method: String
        /// Of the query, or of the form.
        package var fields: [String: [String]]
        package var user: String?
        package var status: Int
    }

    /// Given out to users who ask for it; good for the OAuth2 flow.
    package static let refreshToken = "refresh-imagelet-test"

    package let service = "registry.imagelet.test"
    let issuer = "imagelet-test-issuer"
    private let certificates: TestCertificates
    private let options: Options
    private let exchangeLog = Mutex<[Exchange]>([])
    private let server = Mutex<LoopbackServer?>(nil)

    package init(_ options: Options = Options(), certificates: TestCertificates) throws {
        self.options = options
        self.certificates = certificates
        let server = try LoopbackServer { [weak self] in self?.serve($0) }
        self.server.withLock { $0 = server }
    }

    deinit { stop() }

    package func stop() { server.withLock { $0 }?.stop() }

    package var realm: String { "http://\(server.withLock { $0 }?.host ?? "")/token" }
    package var certificatePath: String { certificates.ca }
    package var exchanges: [Exchange] { exchangeLog.withLock { $0 } }

    private func serve(_ connection: Connection) {
        while let request = try? WireHead(from: connection) {
            var body: [UInt8] = []
            guard (try? connection.readBody(request.requestFraming) { body += $0 }) != nil else { return }
            var exchange = Exchange(
                method: request.method,
                fields: Self.fields(
                    request.method == "POST"
                        ? String(decoding: body, as: UTF8.self) : String(request.target.drop { $0 != "?" }.dropFirst())),
                user: nil, status: 200)
            let answer = answer(to: &exchange, basic: request.value(of: "Authorization"))
            exchangeLog.withLock { $0.append(exchange) }
            guard
                (try? connection.answer(
                    exchange.status, [("Content-Type", "application/json")], body: Array(answer.utf8))) != nil
            else { return }
        }
    }

    private func answer(to exchange: inout Exchange, basic: String?) -> String {
        if exchange.method == "POST", let status = options.postStatus {
            exchange.status = status
            return #"{"detail":"no"}"#
        }
        guard let user = user(exchange, basic) else {
            exchange.status = 401
            return #"{"errors":[{"code":"UNAUTHORIZED","message":"wrong user or password"}]}"#
        }
        exchange.user = user.isEmpty ? nil : user
        let scopes = exchange.fields["scope", default: []].flatMap { $0.split(separator: " ").map(String.init) }
        let access = scopes.compactMap { Self.access($0, isAnonymous: user.isEmpty) }
        guard let token = try? sign(access, user: user) else {
            exchange.status = 500
            return "{}"
        }
        let life = options.expiresIn.map { #","expires_in":\#($0)"# } ?? ""
        let wantsRefresh = exchange.fields["offline_token"] != nil || exchange.fields["access_type"] != nil
        let refresh = wantsRefresh && !user.isEmpty ? #","refresh_token":"\#(Self.refreshToken)""# : ""
        let name = exchange.method == "POST" ? "access_token" : "token"
        return #"{"\#(name)":"\#(token)"\#(life)\#(refresh)}"#
    }

    /// Who asks: empty for nobody in particular, nil if refused.
    private func user(_ exchange: Exchange, _ basic: String?) -> String? {
        let fields = exchange.fields.mapValues { $0.first ?? "" }
        if exchange.method == "POST" {
            if fields["grant_type"] == "refresh_token" {
                return fields["refresh_token"] == Self.refreshToken ? "user" : nil
            }
            guard let user = fields["username"], options.users[user] == fields["password"] else { return nil }
            return user
        }
        guard let basic else { return options.anonymousPull ? "" : nil }
        guard let data = Data(base64Encoded: String(basic.dropFirst("Basic ".count))) else { return nil }
        let parts = String(decoding: data, as: UTF8.self).split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, options.users[parts[0]] == parts[1] else { return nil }
        return parts[0]
    }

    /// `repository:name:pull,push` as the token says it; nobody in particular may only pull.
    private static func access(_ scope: String, isAnonymous: Bool) -> String? {
        let parts = scope.split(separator: ":").map(String.init)
        guard parts.count >= 3, let asked = parts.last else { return nil }
        let name = parts[1..<parts.count - 1].joined(separator: ":")
        let actions = asked.split(separator: ",").filter { !isAnonymous || $0 == "pull" }
        let list = actions.map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"type":"\#(parts[0])","name":"\#(name)","actions":[\#(list)]}"#
    }

    private static func fields(_ text: String) -> [String: [String]] {
        var fields: [String: [String]] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map {
                $0.replacing("+", with: " ").removingPercentEncoding ?? ""
            }
            fields[parts[0], default: []].append(parts.count > 1 ? parts[1] : "")
        }
        return fields
    }

    // MARK: Tokens

    private func sign(_ access: [String], user: String) throws -> String {
        let pem = try String(contentsOfFile: certificates.ca, encoding: .utf8)
        let certificate = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        let now = Int(Date().timeIntervalSince1970)
        let end = now + (options.expiresIn ?? 60)
        let header = #"{"typ":"JWT","alg":"ES256","x5c":["\#(certificate)"]}"#
        let claims =
            #"{"iss":"\#(issuer)","sub":"\#(user)","aud":"\#(service)","exp":\#(end),"nbf":\#(now - 10),"iat":\#(now),"#
            + #""jti":"\#(UUID().uuidString)","access":[\#(access.joined(separator: ","))]}"#
        let text = Self.base64(Data(header.utf8)) + "." + Self.base64(Data(claims.utf8))
        let path = certificates.directory + "/" + UUID().uuidString
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        defer { for suffix in ["", ".sig"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        try ChildProcess.run(["openssl", "dgst", "-sha256", "-sign", certificates.caKey, "-out", path + ".sig", path])
        return text + "." + Self.base64(Self.plain(try Data(contentsOf: URL(fileURLWithPath: path + ".sig"))))
    }

    /// JOSE wants r and s side by side (RFC 7518, 3.4), openssl writes a DER sequence of two integers.
    private static func plain(_ der: Data) -> Data {
        var rest = Array(der)[2...]
        var result = Data()
        for _ in 0..<2 {
            let length = Int(rest[rest.startIndex + 1])
            let number = rest[(rest.startIndex + 2)..<(rest.startIndex + 2 + length)].drop { $0 == 0 }
            result += Data(repeating: 0, count: 32 - number.count) + Data(number)
            rest = rest[(rest.startIndex + 2 + length)...]
        }
        return result
    }

    private static func base64(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
