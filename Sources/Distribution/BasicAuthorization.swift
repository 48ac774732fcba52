internal import FoundationEssentials
internal import HTTP

enum BasicAuthorization {
    static func header(user: String, password: String) -> HTTPHeader {
        HTTPHeader("Authorization", "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())")
    }
}
