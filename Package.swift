// swift-tools-version: 6.2

import PackageDescription

/// Whether a warning in our own targets fails the build, as it does in CI. Dependencies are left alone.
let strict = Context.environment["CIM_WARNINGS_AS_ERRORS"] == "1"

/// What every Swift target of ours is compiled with.
let swift: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let package = Package(
  name: "cim",
  products: [
    .executable(name: "cim", targets: ["cim"]),
    .library(name: "NgRPC", targets: ["NgRPC", "NgRPCServices", "NgRPCInterceptors", "NgRPCStatusDetails"]),
    .executable(name: "ngrpc-interop", targets: ["ngrpc-interop"]),
    .library(name: "CIMClient", targets: ["CIMClient", "CIMCore", "NgRPC"]),
    .plugin(name: "generate-rpc", targets: ["GenerateRPC"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    // The C libraries: module maps, nothing else.
    .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CZooKeeper", providers: [.apt(["libzookeeper-mt-dev"])]),
    .systemLibrary(name: "CEditline", providers: [.apt(["libedit-dev"])]),

    // The RPC runtime: knows nothing of cim.
    .target(
      name: "NgRPC",
      dependencies: [
        "CNghttp2", "CProtobufC", "CZlib",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),
    .target(
      name: "CNgRPCProtos", dependencies: ["CProtobufC"], path: "Generated/CNgRPCProtos"),
    .target(
      name: "NgRPCProtos", dependencies: ["NgRPC", "CNgRPCProtos"], path: "Generated/NgRPCProtos",
      swiftSettings: swift),
    .target(
      name: "NgRPCServices", dependencies: ["NgRPC", "NgRPCProtos"], swiftSettings: swift),

    // Errors with details: google.rpc.Status.
    .target(
      name: "NgRPCStatusDetails",
      dependencies: ["NgRPC", "NgRPCProtos", .product(name: "NIOCore", package: "swift-nio")],
      swiftSettings: swift),

    // What everybody wants of a server and a client: logging, metrics, tracing, authentication, concurrency limits.
    .target(
      name: "NgRPCInterceptors",
      dependencies: [
        "NgRPC", "NgRPCProtos", "NgRPCStatusDetails",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      swiftSettings: swift),

    // Code generation: .proto -> C (through protoc-gen-c) and Swift.
    .target(
      name: "NgRPCCodeGen",
      dependencies: [
        .product(name: "SwiftProtobufPluginLibrary", package: "swift-protobuf")
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "ngrpc-generate",
      dependencies: [
        "NgRPCCodeGen",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swift),
    .plugin(
      name: "GenerateRPC",
      capability: .command(
        intent: .custom(
          verb: "generate-rpc",
          description: "Writes Generated/ (C and Swift) from the contracts in Protos/."),
        permissions: [
          .writeToPackageDirectory(reason: "Writes the generated code to Generated/.")
        ]),
      dependencies: ["ngrpc-generate"],
      path: "Sources/GenerateRPC"),

    // Thin clients over the C libraries.
    .target(
      name: "Redis",
      dependencies: [
        "CHiredis",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),
    .target(
      name: "ZooKeeper",
      dependencies: ["CZooKeeper", .product(name: "Logging", package: "swift-log")],
      swiftSettings: swift),

    // cim.
    .target(name: "CCIMProtos", dependencies: ["CProtobufC"], path: "Generated/CCIMProtos"),
    .target(
      name: "CIMProtos", dependencies: ["NgRPC", "CCIMProtos"], path: "Generated/CIMProtos",
      swiftSettings: swift),
    .target(
      name: "CIMCore",
      dependencies: [
        "CIMProtos", "NgRPC",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),
    .target(
      name: "CIMRedis",
      dependencies: ["CIMCore", "Redis", .product(name: "NIOCore", package: "swift-nio")],
      swiftSettings: swift),
    .target(
      name: "CIMZooKeeper",
      dependencies: ["CIMCore", "NgRPC", "ZooKeeper", .product(name: "Logging", package: "swift-log")],
      swiftSettings: swift),
    .target(
      name: "CIMRoute",
      dependencies: [
        "CIMCore", "CIMProtos", "NgRPC", "NgRPCProtos", "NgRPCStatusDetails",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swift),
    .target(
      name: "CIMServer",
      dependencies: [
        "CIMCore", "CIMProtos", "NgRPC",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),
    .target(
      name: "CIMClient",
      dependencies: [
        "CIMCore", "CIMProtos", "NgRPC", "NgRPCStatusDetails",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "cim",
      dependencies: [
        "CIMClient", "CIMCore", "CIMProtos", "CIMRedis", "CIMRoute", "CIMServer", "CIMZooKeeper", "CEditline",
        "NgRPC", "NgRPCInterceptors", "NgRPCProtos", "NgRPCServices", "Redis", "ZooKeeper",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: swift),

    // A server and a client of grpc.testing.TestService, for trying the runtime against others.
    .target(
      name: "CNgRPCInteropProtos", dependencies: ["CProtobufC"], path: "Generated/CNgRPCInteropProtos"),
    .target(
      name: "NgRPCInteropProtos", dependencies: ["NgRPC", "CNgRPCInteropProtos"],
      path: "Generated/NgRPCInteropProtos", swiftSettings: swift),
    .executableTarget(
      name: "ngrpc-interop",
      dependencies: [
        "NgRPC", "NgRPCInteropProtos", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swift),

    // A server for measuring the runtime from outside.
    .executableTarget(
      name: "ngrpc-bench",
      dependencies: [
        "NgRPC", "NgRPCInterceptors", "NgRPCProtos",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: swift),

    // Measures what encoding and decoding of messages take.
    .executableTarget(
      name: "ngrpc-bench-codec",
      dependencies: [
        "NgRPC", "NgRPCProtos", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),

    // What tests share: free ports, child processes, real Redis and ZooKeeper servers.
    .target(
      name: "TestSupport",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/TestSupport", swiftSettings: swift),
    // Routes and servers in one process, and clients made of the stubs.
    .target(
      name: "CIMTestSupport",
      dependencies: [
        "CIMCore", "CIMProtos", "CIMRoute", "CIMServer", "NgRPC", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/CIMTestSupport", swiftSettings: swift),
    // Faults under load, and a proof from the clients' histories that nothing was lost.
    .target(name: "CIMChaos", dependencies: ["CIMCore", "TestSupport"], swiftSettings: swift),
    .executableTarget(
      name: "cim-chaos",
      dependencies: [
        "CIMChaos", "CIMClient", "CIMCore", "CIMProtos", "NgRPC", "NgRPCProtos", "TestSupport", "cim",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "CIMChaosTests", dependencies: ["CIMChaos", "CIMCore", "TestSupport", "cim-chaos"],
      swiftSettings: swift),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "NgRPCTests",
      dependencies: [
        "NgRPC", "NgRPCProtos", "NgRPCServices", "NgRPCStatusDetails", "TestSupport",
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: swift),
    // Raw frames: the cases of RFC 9113, and attacks.
    .executableTarget(
      name: "ngrpc-attacked",
      dependencies: [
        "NgRPC", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Tests/AttackedServer", swiftSettings: swift),
    .testTarget(
      name: "NgRPCConformanceTests",
      dependencies: [
        "NgRPC", "TestSupport", "ngrpc-attacked",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),
    // The interop cases against grpcio, in both directions.
    .testTarget(
      name: "NgRPCInteropTests", dependencies: ["NgRPC", "TestSupport", "ngrpc-interop"],
      swiftSettings: swift),
    .testTarget(
      name: "NgRPCBenchTests", dependencies: ["TestSupport", "ngrpc-bench"], swiftSettings: swift),
    .testTarget(
      name: "NgRPCInterceptorsTests",
      dependencies: [
        "NgRPC", "NgRPCProtos", "NgRPCInterceptors", "NgRPCServices", "NgRPCStatusDetails", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
      ],
      swiftSettings: swift),
    // Generated from Tests/Protos: every feature of proto3, in two modules of which one imports the other.
    .target(name: "CSharedFixtures", dependencies: ["CProtobufC"], path: "Tests/CSharedFixtures"),
    .target(
      name: "SharedFixtures", dependencies: ["NgRPC", "CSharedFixtures"], path: "Tests/SharedFixtures",
      swiftSettings: swift),
    .target(
      name: "CCodeGenFixtures", dependencies: ["CProtobufC", "CSharedFixtures"],
      path: "Tests/CCodeGenFixtures"),
    .target(
      name: "CodeGenFixtures", dependencies: ["NgRPC", "CCodeGenFixtures", "SharedFixtures"],
      path: "Tests/CodeGenFixtures", swiftSettings: swift),
    .testTarget(
      name: "NgRPCCodeGenTests",
      dependencies: [
        "NgRPC", "NgRPCCodeGen", "CodeGenFixtures", "SharedFixtures", "TestSupport", "ngrpc-generate",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "SwiftProtobufPluginLibrary", package: "swift-protobuf"),
      ], swiftSettings: swift),
    .testTarget(
      name: "RedisTests",
      dependencies: [
        "Redis", "TestSupport",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "ZooKeeperTests",
      dependencies: [
        "NgRPC",
        "CIMCore", "CIMZooKeeper", "ZooKeeper", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),
    .testTarget(name: "CIMCoreTests", dependencies: ["CIMCore"], swiftSettings: swift),
    .testTarget(
      name: "StoreContractTests",
      dependencies: [
        "NgRPC",
        "CIMCore", "CIMRedis", "CIMZooKeeper", "Redis", "TestSupport",
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: swift),
    .testTarget(
      name: "CIMRouteTests",
      dependencies: [
        "CIMRoute", "CIMCore", "CIMProtos", "CIMRedis", "CIMTestSupport", "NgRPC", "NgRPCProtos",
        "NgRPCStatusDetails", "Redis", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),
    // Every order in which the steps of a message's life can meet, forced one by one.
    .testTarget(
      name: "CIMRaceTests",
      dependencies: [
        "CIMCore", "CIMProtos", "CIMRoute", "CIMServer", "CIMTestSupport", "NgRPC", "TestSupport",
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "CIMServerTests",
      dependencies: [
        "CIMServer", "CIMCore", "CIMProtos", "CIMTestSupport", "NgRPC", "TestSupport",
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "CIMClientTests",
      dependencies: [
        "NgRPC",
        "CIMClient", "CIMCore", "CIMProtos", "CIMRoute", "CIMServer", "CIMTestSupport", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: swift),
    .testTarget(
      name: "CIMTests",
      dependencies: [
        "NgRPC",
        "CIMClient", "CIMCore", "CIMProtos", "CIMRoute", "NgRPCProtos", "TestSupport", "cim",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),
    // The code of the article that leads to a client of one's own.
    .executableTarget(
      name: "write-your-own-client", dependencies: ["CIMClient", "CIMCore", "NgRPC"],
      path: "Tests/WriteYourOwnClient", swiftSettings: swift),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "CIMProtos", "NgRPC", "NgRPCProtos", "TestSupport", "cim", "write-your-own-client",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: swift),
  ],
  swiftLanguageModes: [.v6]
)
