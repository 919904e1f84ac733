// swift-tools-version: 6.2

import PackageDescription

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// `make sanitize` looks for undefined behaviour in C, too; the other sanitizers' runtimes report it.
let c: [CSetting] =
  Context.environment["MARTLET_SANITIZE"] == nil
  ? [] : [.unsafeFlags(["-fsanitize=undefined", "-fno-sanitize-recover=undefined"])]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioConcurrency: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let httpTypes: Target.Dependency = .product(
  name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["CommandLine"]))
let hummingbird: Target.Dependency = .product(
  name: "HummingbirdCore", package: "hummingbird", condition: .when(traits: ["CommandLine"]))
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(
  name: "UnixSignals", package: "swift-service-lifecycle", condition: .when(traits: ["CommandLine"]))
let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["CommandLine"]))

/// One library layer; dependencies point one way, see docs/architecture.md.
func layer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: swift)
}

let package = Package(
  name: "martlet",
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .executable(name: "martlet", targets: ["martlet-cli"]),
  ],
  traits: [
    .trait(
      name: "CommandLine",
      description: "The program “martlet” and its S3 server. Who only embeds the library does without: traits: []."),
    .default(enabledTraits: ["CommandLine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    layer("SyncModel"),
    layer("SyncEngine", ["SyncModel"]),
    .target(name: "CLinux", cSettings: c),
    layer("LocalTree", ["CLinux", "Checksums", "SyncEngine", "SyncModel", nioConcurrency, logging]),
    layer(
      "RemoteTree", ["AWSKit", "Checksums", "Digests", "SyncEngine", "SyncModel", nioCore, nioConcurrency, logging]),
    layer(
      "EventFeed",
      ["AWSKit", "Checksums", "Digests", "SyncEngine", "SyncModel", nioCore, nioConcurrency, logging]),
    layer("BaseStore", ["SyncEngine", "SyncModel", grdb, sqlite, nioConcurrency, logging]),
    layer(
      "AWSKit",
      ["Checksums", "Digests", crypto, logging, asyncHTTPClient, nioCore, nioConcurrency, nioPosix, nioHTTP1, nioSSL]),
    .target(name: "CChecksums", cSettings: c),
    layer("Checksums", ["CChecksums"]),
    // Apart, so that what runs in the simulation needs no crypto library.
    layer("Digests", [crypto]),
    layer(
      "Martlet",
      [
        "SyncModel", "SyncEngine", "LocalTree", "RemoteTree", "EventFeed", "BaseStore", "AWSKit", "Digests", logging,
        nioCore, nioPosix, nioConcurrency, serviceLifecycle,
      ]),
    layer(
      "EmbeddedS3",
      [
        "AWSKit", "Checksums", "Digests", httpTypes, hummingbird, crypto, logging, nioCore, nioConcurrency, nioPosix,
        serviceLifecycle,
      ]),
    layer("Simulation", ["SyncEngine", "SyncModel", "LocalTree", "Checksums", "CLinux", logging]),
    layer(
      "Commands",
      [
        "Martlet", "SyncModel", "SyncEngine", "EmbeddedS3", "CLinux", argumentParser, logging, nioConcurrency,
        serviceLifecycle, unixSignals,
      ]),
    // Not named `martlet`: on a case-folding file system that is the library's module.
    .executableTarget(
      name: "martlet-cli", dependencies: ["Commands"], path: "Sources/martlet-cli", swiftSettings: swift),
    .executableTarget(name: "simulate", dependencies: ["Simulation"], swiftSettings: swift),
    // The example package's source, so that every build compiles it; as a package `make example` builds it.
    .executableTarget(
      name: "EmbedExample", dependencies: ["Martlet"], path: "Examples/Embed/Sources/Embed", swiftSettings: swift),

    tests("SyncModelTests", ["SyncModel"], resources: [.copy("Vectors")]),
    tests("SyncEngineTests", ["SyncEngine", "SyncModel"]),
    // Other programs that act on a file while it is replaced.
    .target(name: "CStress", path: "Tests/CStress", cSettings: c),
    tests(
      "LocalTreeTests",
      ["LocalTree", "SyncEngine", "SyncModel", "Checksums", "CLinux", "CStress", logging, nioConcurrency]),
    tests(
      "RemoteTreeTests",
      [
        "RemoteTree", "AWSKit", "EmbeddedS3", "SyncEngine", "SyncModel", "Checksums", logging, nioCore, nioConcurrency,
        nioHTTP1,
      ],
      resources: [.copy("Vectors")]),
    tests(
      "EventFeedTests",
      ["EventFeed", "AWSKit", "SyncEngine", "SyncModel", logging, nioConcurrency]),
    tests("BaseStoreTests", ["BaseStore", "SyncEngine", "SyncModel", grdb, logging]),
    tests(
      "AWSKitTests",
      [
        "AWSKit", "Checksums", "Digests", asyncHTTPClient, logging, nioCore, nioPosix, nioHTTP1, nioSSL, nioConcurrency,
      ],
      resources: [.copy("Vectors")]),
    tests("ChecksumsTests", ["Checksums", "CChecksums", "Digests"]),
    tests(
      "MartletTests",
      [
        "Martlet", "AWSKit", "EmbeddedS3", "SyncEngine", "SyncModel", logging, nioCore, nioConcurrency, nioPosix,
        serviceLifecycle,
      ]),
    tests("SimulationTests", ["Simulation", "SyncEngine", "SyncModel", "LocalTree", "Checksums", "CLinux", logging]),
    tests(
      "S3ConformanceTests", ["EmbeddedS3", "AWSKit", "Checksums", logging, nioCore], resources: [.copy("Scripts")]),
    tests(
      "CommandsTests",
      [
        "Commands", "Martlet", "AWSKit", "BaseStore", "EmbeddedS3", "RemoteTree", "SyncModel", "SyncEngine",
        argumentParser,
        logging, nioConcurrency, nioCore,
      ]),
    tests(
      "FuzzTests",
      [
        "AWSKit", "Checksums", "Commands", "EmbeddedS3", "EventFeed", "LocalTree", "RemoteTree", "SyncEngine",
        "SyncModel", httpTypes, nioCore, nioHTTP1,
      ], resources: [.copy("Vectors")]),
    tests(
      "ProcessTests",
      [
        "Martlet", "EmbeddedS3", "AWSKit", "Checksums", "SyncModel", "LocalTree", "CLinux", logging, nioCore, nioPosix,
        nioHTTP1, nioConcurrency,
      ], resources: [.copy("Captures"), .copy("Lines")]),
  ]
)
