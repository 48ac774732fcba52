import Config
import Testing

@Suite("The kubelet's credential providers")
struct CredentialProviderFileTests {
    @Test("are read as the kubelet's documentation writes them, in YAML and in JSON")
    func reading() throws {
        let yaml = """
            apiVersion: kubelet.config.k8s.io/v1
            kind: CredentialProviderConfig
            providers:
              - name: ecr-credential-provider
                matchImages:
                  - "*.dkr.ecr.*.amazonaws.com"
                  - "public.ecr.aws"
                defaultCacheDuration: "12h"
                apiVersion: credentialprovider.kubelet.k8s.io/v1
                args: [get-credentials, "--v=3"]
                env:
                  - name: AWS_PROFILE
                    value: example
              - name: with-token
                matchImages: [registry.example]
                defaultCacheDuration: 0s
                apiVersion: credentialprovider.kubelet.k8s.io/v1
                tokenAttributes: {serviceAccountTokenAudience: registry, requireServiceAccount: true}
            """
        let file = try CredentialProviderFile.parse(yaml, file: "providers.yaml")
        #expect(file.providers.map(\.name) == ["ecr-credential-provider", "with-token"])
        #expect(file.providers.map(\.needsServiceAccount) == [false, true])
        let first = try #require(file.providers.first)
        #expect(first.matchImages == ["*.dkr.ecr.*.amazonaws.com", "public.ecr.aws"])
        #expect(first.arguments == ["get-credentials", "--v=3"])
        #expect(first.environment == ["AWS_PROFILE": "example"])
        #expect(first.defaultCacheDuration == "12h")
        #expect(first.apiVersion == "credentialprovider.kubelet.k8s.io/v1")

        let json = """
            {"kind":"CredentialProviderConfig","apiVersion":"kubelet.config.k8s.io/v1","providers":[{"name":"a",
            "matchImages":["b"],"defaultCacheDuration":"1m","apiVersion":"credentialprovider.kubelet.k8s.io/v1"}]}
            """
        #expect(try CredentialProviderFile.parse(json, file: "providers.json").providers.map(\.name) == ["a"])
    }

    @Test(
        "are refused with the place that is wrong",
        arguments: [
            ("", "kind"), ("kind: Secret\napiVersion: v1", "CredentialProviderConfig"), ("[]", "kind"),
            ("kind: CredentialProviderConfig\napiVersion: kubelet.config.k8s.io/v1\nproviders: 3", "providers"),
            ("kind: CredentialProviderConfig\napiVersion: kubelet.config.k8s.io/v1\nproviders: [3]", "name"),
            (
                "kind: CredentialProviderConfig\napiVersion: kubelet.config.k8s.io/v1\nproviders: [{name: a}]",
                "matchImages"
            ),
            (
                """
                kind: CredentialProviderConfig
                apiVersion: kubelet.config.k8s.io/v1
                providers: [{name: [], matchImages: [], defaultCacheDuration: 1s, apiVersion: b}]
                """, "providers[0].name"
            ),
        ])
    func refusal(text: String, part: String) throws {
        let error = try #require(throws: ConfigError.self) { try CredentialProviderFile.parse(text, file: "p.yaml") }
        #expect(error.message.contains(part))
        #expect(error.message.hasPrefix("p.yaml"))
    }

    @Test("need both of their settings")
    func bothOrNeither() throws {
        for half in ["config: /a", "binDirectory: /a"] {
            let text = """
                apiVersion: imagelet.dev/v1alpha1
                kind: ImageletConfiguration
                registries: {credentialProviders: {\(half)}}
                """
            let error = try #require(throws: ConfigError.self) {
                try ImageletConfiguration.parse(text, file: "c.yaml")
            }
            #expect(error.key == "registries.credentialProviders")
        }
    }
}
