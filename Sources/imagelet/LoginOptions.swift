internal import ArgumentParser

/// Who one is at the registry.
struct LoginOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Credentials for the registry. Better in $IMAGELET_CREDS, which other users can't see.",
            valueName: "user:password"))
    var creds: Credentials?

    var credentials: Credentials? {
        creds ?? Output.environment["IMAGELET_CREDS"].flatMap { Credentials(argument: $0) }
    }
}

/// `user:password`
struct Credentials: ExpressibleByArgument, Equatable {
    var username: String
    var password: String

    init?(argument: String) {
        guard let colon = argument.firstIndex(of: ":") else { return nil }
        username = String(argument[..<colon])
        password = String(argument[argument.index(after: colon)...])
    }
}
