// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same rules; `unsafe` code is allowed only where a C library is wrapped.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let logging = product(name: "Logging", package: "swift-log")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let yams = product(name: "Yams", package: "Yams")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
}

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "driftwatch",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "driftwatch", targets: ["driftwatch"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", exact: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        library("Postgres", ["CLibpq", .logging]),
        library("HTTP", ["CLibcurl", .logging]),
        .target(
            name: "Schema", dependencies: ["Postgres"], resources: [.embedInCode("sql")], swiftSettings: settings),
        library("Runtime", ["Postgres", .logging, .serviceLifecycle, .unixSignals]),
        library("Instruments", []),
        .target(
            name: "JobQueue", dependencies: ["Runtime", "Instruments", "Postgres", .logging, .serviceLifecycle],
            exclude: ["STATES.md"], swiftSettings: settings),
        library("Redaction", []),
        library("Cron", []),
        .target(
            name: "DriftCore", dependencies: ["Redaction", "CLibcrypto", .yams], exclude: ["Transition/ALERTS.md"],
            swiftSettings: settings),
        library("PackFiles", ["DriftCore", "Redaction", "Cron", .yams]),
        library("DriftStore", ["DriftCore", "Postgres"]),
        .target(
            name: "Remote", dependencies: ["DriftCore", "Redaction", .subprocess, .logging],
            exclude: ["PROTOCOL.md"], resources: [.embedInCode("probe")],
            swiftSettings: settings),
        library("Messages", ["DriftCore", "Presentation", "Redaction"]),
        library("Slack", ["DriftCore", "Messages", "Redaction", "HTTP", .logging]),
        library("Webhook", ["DriftCore", "Messages", "Presentation", "Redaction", "HTTP"]),
        library("Mail", ["DriftCore", "Messages", "Redaction", "HTTP"]),
        library(
            "DriftServices",
            [
                "Cron", "DriftCore", "DriftStore", "Instruments", "JobQueue", "Runtime", "Postgres", .logging,
                .serviceLifecycle,
            ]),
        library("Presentation", ["Cron", "DriftCore", "DriftStore", "Redaction"]),
        .target(
            name: "Dashboard",
            dependencies: [
                "DriftCore", "DriftStore", "Instruments", "Postgres", "Presentation", "Redaction", .hummingbird,
                .httpTypes,
                .nioCore, .nioHTTPTypes, .logging, .serviceLifecycle,
            ],
            resources: [.embedInCode("Files")], swiftSettings: settings),
        .executableTarget(
            name: "driftwatch",
            dependencies: [
                "Postgres", "HTTP", "Schema", "Runtime", "Instruments", "JobQueue", "Cron", "DriftCore", "PackFiles",
                "DriftStore", "Redaction", "Remote", "Messages", "Slack", "Webhook", "Mail", "DriftServices",
                "Presentation", "Dashboard",
                .argumentParser,
                .logging, .serviceLifecycle,
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "QueueBenchmark",
            dependencies: ["JobQueue", "Runtime", "Postgres", "Schema", .logging, .serviceLifecycle],
            path: "Benchmarks/QueueBenchmark", swiftSettings: settings),
        .executableTarget(
            name: "ComparisonBenchmark", dependencies: ["DriftCore"], path: "Benchmarks/ComparisonBenchmark",
            swiftSettings: settings),
        .executableTarget(
            name: "RedactionReport", dependencies: ["Redaction"], path: "Benchmarks/RedactionReport",
            swiftSettings: settings),
        library(
            "TestSupport",
            ["Postgres", "HTTP", "Schema", "JobQueue", "DriftCore", "DriftStore", "Remote", .logging, .subprocess]),

        tests("PostgresTests", ["Postgres", "TestSupport"]),
        tests("HTTPTests", ["HTTP", "TestSupport"]),
        tests("SchemaTests", ["Schema", "Postgres", "TestSupport"]),
        tests("InstrumentsTests", ["Instruments"]),
        tests("RuntimeTests", ["Runtime", "Postgres", "TestSupport", .logging, .serviceLifecycle]),
        tests(
            "JobQueueTests",
            ["JobQueue", "Runtime", "DriftStore", "Postgres", "TestSupport", .logging, .serviceLifecycle]),
        tests("RedactionTests", ["Redaction", "RedactionReport", "TestSupport", .subprocess]),
        tests("CronTests", ["Cron", "TestSupport"]),
        tests("DriftCoreTests", ["DriftCore", "Redaction", "TestSupport"]),
        tests("PackFilesTests", ["PackFiles", "DriftCore", "TestSupport"]),
        .testTarget(
            name: "RemoteTests", dependencies: ["Remote", "DriftCore", "PackFiles", "Redaction", "TestSupport"],
            exclude: ["Fixtures"], swiftSettings: settings),
        tests(
            "SenderTests", ["Messages", "Slack", "Webhook", "Mail", "DriftCore", "HTTP", "Presentation", "TestSupport"]),
        tests("SlackTests", ["Messages", "Slack", "DriftCore", "HTTP", "TestSupport"]),
        tests("PresentationTests", ["Presentation", "DriftCore", "DriftStore", "TestSupport"]),
        tests("DriftStoreTests", ["DriftStore", "DriftCore", "Postgres", "Schema", "TestSupport"]),
        tests(
            "DriftServicesTests",
            [
                "DriftServices", "DriftStore", "DriftCore", "Cron", "JobQueue", "Runtime", "Postgres", "Remote",
                "TestSupport",
            ]),
        tests(
            "DashboardTests",
            [
                "Dashboard", "DriftServices", "DriftStore", "DriftCore", "JobQueue", "Postgres", "HTTP", "Slack",
                "TestSupport", .logging, .serviceLifecycle,
            ]),
        tests(
            "CommandLineTests",
            [
                "driftwatch", "Presentation", "Slack", "DriftStore", "DriftCore", "PackFiles", "Postgres", "HTTP",
                "TestSupport", .logging,
            ]),
        tests("LayeringTests", []),
        .target(
            name: "FuzzTargets", dependencies: ["DriftCore", "Redaction", "Remote"], path: "Tests/FuzzTargets",
            swiftSettings: settings),
        tests("FuzzTests", ["FuzzTargets", "Remote"]),
    ]
)

// Only `scripts/fuzz` builds it: libFuzzer brings `main`.
if Context.environment["DRIFTWATCH_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzzer", dependencies: ["FuzzTargets"], path: "Tests/Fuzzer",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
