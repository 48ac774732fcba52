// swift-tools-version: 6.2
import PackageDescription

let language: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]
let settings = language + [.strictMemorySafety()]

let grpcCore = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// One Swift target of the product. `on` names targets of this package; arrows point down only (see README).
func module(_ name: String, on targets: [String] = [], packages: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: targets.map { .byName(name: $0) } + packages, swiftSettings: settings)
}

/// The test suite of one module.
func suite(_ name: String, on targets: [String], packages: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name, dependencies: targets.map { .byName(name: $0) } + packages,
        swiftSettings: language)
}

let package = Package(
    name: "imagelet",
    products: [.executable(name: "imagelet", targets: ["imagelet"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Level 0: C
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CIsal", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .target(name: "CLinux"),

        // Level 1: the only ones that may say `unsafe`
        module("Linux", on: ["CLinux"]),
        module("Hashing", on: ["COpenSSL"]),
        module("Gzip", on: ["CIsal"]),
        module("HTTP", on: ["CCurl"]),
        module("FUSE", on: ["CFuse", "CLinux", "Linux", "Telemetry"]),
        .target(
            name: "GRPC",
            dependencies: [
                "Linux", grpcCore, log,
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Protos"], swiftSettings: settings),

        module("Telemetry", packages: [log]),
        module(
            "Web", on: ["Telemetry"],
            packages: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"), log,
                .product(name: "NIOCore", package: "swift-nio"),
            ]),

        // Level 2: formats, no I/O
        module("OCI", on: ["Hashing"]),
        module("LayerFormat", on: ["OCI"]),
        module("EROFS", on: ["LayerFormat"]),
        module("Filters"),
        module("TOML"),
        module("SOCI", on: ["Gzip", "Hashing", "LayerFormat", "OCI"]),

        // Level 3: capabilities
        module(
            "Distribution", on: ["HTTP", "OCI", "TOML", "Telemetry"],
            packages: [log, .product(name: "Subprocess", package: "swift-subprocess")]),
        module("Layers", on: ["Hashing", "LayerFormat", "Linux", "OCI", "Telemetry"], packages: [log]),
        module(
            "LayerFS", on: ["EROFS", "FUSE", "Hashing", "LayerFormat", "Layers", "Linux", "Telemetry"],
            packages: [log]),
        module("ImageStore", on: ["Linux", "OCI"], packages: [log]),
        module("State", on: ["OCI"], packages: [.product(name: "GRDB", package: "GRDB.swift")]),
        module("Policy", on: ["OCI"]),
        module("History", on: ["OCI"]),

        // Level 4: use cases
        module(
            "Images",
            on: [
                "Distribution", "Hashing", "History", "ImageStore", "LayerFormat", "Layers", "Linux", "OCI", "Policy",
                "SOCI",
                "State", "Telemetry",
            ],
            packages: [log]),

        // Level 5: services
        module("CRI", on: ["Distribution", "GRPC", "History", "Images", "OCI", "State"], packages: [log]),
        module("Snapshots", on: ["Filters", "GRPC", "Images", "Linux", "OCI", "State"], packages: [log]),

        // Level 6: assembly
        module("Config", packages: [.product(name: "Yams", package: "Yams")]),
        module("Report", on: ["History", "OCI"]),
        module("Node", on: ["Config", "Linux", "TOML"]),
        module("Doctor", on: ["Config", "Linux", "Node"]),
        module(
            "ImageletDaemon",
            on: [
                "CRI", "Config", "Distribution", "GRPC", "HTTP", "History", "ImageStore", "Images", "LayerFS",
                "LayerFormat",
                "Layers", "Linux", "OCI", "Policy", "SOCI", "Snapshots", "State", "Telemetry", "Web",
            ],
            packages: [
                log, .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),

        // Level 7: the command
        .executableTarget(
            name: "imagelet",
            dependencies: [
                "CRI", "Config", "Distribution", "Doctor", "GRPC", "History", "Images", "ImageletDaemon", "Linux",
                "Node",
                "OCI", "Policy", "Report", "SOCI", "Snapshots", argumentParser, log,
            ],
            swiftSettings: settings),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["CLinux", "Hashing", "History", "LayerFormat", "OCI"],
            path: "Tests/TestSupport",
            swiftSettings: language),
        suite("LinuxTests", on: ["Linux", "TestSupport"]),
        suite("HashingTests", on: ["Hashing"]),
        suite("GzipTests", on: ["CZlib", "Gzip", "TestSupport"]),
        suite("HTTPTests", on: ["HTTP", "TestSupport"]),
        suite("FUSETests", on: ["FUSE", "Linux", "TestSupport"]),
        suite(
            "GRPCTests", on: ["GRPC", "Linux", "TestSupport"],
            packages: [.product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        suite("TelemetryTests", on: ["Telemetry", "TestSupport"], packages: [log]),
        suite("WebTests", on: ["Linux", "Telemetry", "TestSupport", "Web"]),
        suite("OCITests", on: ["OCI"]),
        suite("FiltersTests", on: ["Filters"]),
        suite("TOMLTests", on: ["TOML"]),
        suite("LayerFormatTests", on: ["LayerFormat", "OCI", "TestSupport"]),
        suite("EROFSTests", on: ["EROFS", "LayerFormat", "TestSupport"]),
        suite("SOCITests", on: ["Gzip", "Hashing", "LayerFormat", "OCI", "SOCI", "TestSupport"]),
        suite("DistributionTests", on: ["Distribution", "HTTP", "OCI", "TestSupport"], packages: [log]),
        suite(
            "LayersTests", on: ["Hashing", "LayerFormat", "Layers", "Linux", "OCI", "SOCI", "TestSupport"],
            packages: [log]),
        suite(
            "LayerFSTests", on: ["FUSE", "LayerFS", "LayerFormat", "Layers", "Linux", "OCI", "SOCI", "TestSupport"],
            packages: [log]),
        suite(
            "ImageStoreTests", on: ["ImageStore", "Linux", "OCI", "TestSupport"],
            packages: [log]),
        suite("StateTests", on: ["OCI", "State"], packages: [.product(name: "GRDB", package: "GRDB.swift")]),
        suite("PolicyTests", on: ["OCI", "Policy"]),
        suite("HistoryTests", on: ["History", "OCI"]),
        suite("ReportTests", on: ["History", "OCI", "Report", "TestSupport"]),
        suite("ConfigTests", on: ["Config"]),
        suite("DoctorTests", on: ["Config", "Doctor", "Node", "TestSupport"]),
        suite("NodeTests", on: ["Config", "Node", "TOML", "TestSupport"]),
        suite(
            "CRITests", on: ["CRI", "Distribution", "GRPC", "Images", "Policy", "State"],
            packages: [log, .product(name: "InMemoryLogging", package: "swift-log")]),
        suite(
            "ImageletTests", on: ["GRPC", "History", "Linux", "OCI", "Report", "TestSupport", "imagelet"],
            packages: [argumentParser]),
        suite(
            "SnapshotsTests",
            on: [
                "GRPC", "Images", "LayerFormat", "Layers", "Linux", "OCI", "SOCI", "Snapshots", "State", "TestSupport",
            ],
            packages: [log, .product(name: "InMemoryLogging", package: "swift-log")]),
        suite(
            "ImagesTests",
            on: [
                "Distribution", "HTTP", "Hashing", "ImageStore", "Images", "LayerFormat", "Layers", "OCI", "Policy",
                "SOCI", "State", "TestSupport",
            ],
            packages: [log]),
        suite("ImageletDaemonTests", on: ["ImageletDaemon", "Linux", "TestSupport"]),
        .testTarget(
            name: "EndToEndTests", dependencies: ["CLinux", "Linux", "OCI", "State", "TestSupport", "imagelet"],
            exclude: [
                "cri_client.py", "mapped_mount.py", "podman_runtime.py", "pods.py", "power_cut.c", "runtime.proto",
            ],
            swiftSettings: language),
    ]
)
