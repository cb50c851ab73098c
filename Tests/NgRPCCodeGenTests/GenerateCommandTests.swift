import Foundation
import TestSupport
import Testing

@Suite("ngrpc-generate")
struct GenerateCommandTests {
  private static let program = Repository.product("ngrpc-generate")

  private let sources: ProtoSources

  init() throws {
    sources = try ProtoSources("message M {\n  string text = 1;\n}")
    try sources.folder.write(
      #"{"output": "out", "modules": [{"name": "AV1", "directories": ["a/v1"]}]}"#, to: "generate.json")
  }

  private func generate(
    _ arguments: [String] = [], path: String? = nil
  ) async throws -> (exit: ChildProcess.Exit, errors: String) {
    try await run(
      Command(
        Self.program, ["--package-directory", sources.folder.path] + arguments + ["generate.json"],
        environment: path.map { ["PATH": $0] } ?? [:]))
  }

  private func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(sources.folder.path)/out/\(path)")
  }

  @Test("It writes the C and the Swift of a module")
  func writes() async throws {
    let result = try await generate()
    #expect(result.exit == .code(0), "\(result.errors)")
    for path in [
      "AV1/a.v1.a.swift", "AV1/AV1Descriptors.swift", "CAV1/a/v1/a.pb-c.c", "CAV1/include/a/v1/a.pb-c.h",
      "CAV1/include/CAV1.h", "CAV1/include/module.modulemap",
    ] {
      #expect(exists(path), "\(path)")
    }
  }

  @Test("It removes what it wrote before and would not write now, and leaves what others wrote")
  func removesLeftovers() async throws {
    _ = try await generate()
    try sources.folder.write("// By hand.\n", to: "out/AV1/own.swift")
    try FileManager.default.moveItem(
      atPath: "\(sources.folder.path)/a/v1/a.proto", toPath: "\(sources.folder.path)/a/v1/b.proto")
    let result = try await generate()
    #expect(result.exit == .code(0), "\(result.errors)")
    #expect(exists("AV1/a.v1.b.swift"))
    #expect(exists("AV1/own.swift"))
    for path in ["AV1/a.v1.a.swift", "CAV1/a/v1/a.pb-c.c", "CAV1/include/a/v1/a.pb-c.h"] {
      #expect(!exists(path), "\(path)")
    }
  }

  @Test("With --check it writes nothing, and fails when something would change")
  func check() async throws {
    let missing = try await generate(["--check"])
    #expect(missing.exit != .code(0))
    #expect(missing.errors.contains("not up to date"))
    #expect(missing.errors.contains("out/AV1/a.v1.a.swift"))
    #expect(!exists("AV1"))
    _ = try await generate()
    #expect(try await generate(["--check"]).exit == .code(0))
  }

  @Test("A .proto that is wrong is reported in protoc's words, with file and line")
  func badProto() async throws {
    try sources.folder.write(
      "syntax = \"proto3\";\npackage a.v1;\nmessage M { strin text = 1; }\n", to: "a/v1/a.proto")
    let result = try await generate()
    #expect(result.exit != .code(0))
    #expect(result.errors.contains("a/v1/a.proto:3:13: \"strin\" is not defined."), "\(result.errors)")
  }

  @Test("A program that is missing is named, with Debian's package")
  func missingPrograms() async throws {
    let tools = try TemporaryDirectory("tools")
    let none = try await generate(path: tools.path)
    #expect(none.errors.contains("protoc is not installed"), "\(none.errors)")
    #expect(none.errors.contains("apt-get install protobuf-compiler"))
    try FileManager.default.createSymbolicLink(
      atPath: "\(tools.path)/protoc", withDestinationPath: #require(Command.path(of: "protoc")))
    let noPlugin = try await generate(path: tools.path)
    #expect(noPlugin.errors.contains("protoc-gen-c is not installed"), "\(noPlugin.errors)")
    #expect(noPlugin.errors.contains("apt-get install protobuf-c-compiler"))
  }

  @Test("A plan, a directory or .proto files that are not there are named")
  func missingFiles() async throws {
    let noPlan = try await run(Command(Self.program, ["nowhere/generate.json"]))
    #expect(noPlan.errors.contains("nowhere/generate.json: there is no such file"), "\(noPlan.errors)")
    try FileManager.default.removeItem(atPath: "\(sources.folder.path)/a/v1/a.proto")
    #expect(try await generate().errors.contains("the directory \"a/v1\" has no .proto file"))
    try FileManager.default.removeItem(atPath: "\(sources.folder.path)/a/v1")
    #expect(try await generate().errors.contains("the directory \"a/v1\" can't be read"))
  }

  @Test("The generated code of the package is fresh")
  func fresh() async throws {
    let result = try await run(
      Command(
        Self.program,
        [
          "--check", "--package-directory", Repository.root, "Protos/generate.json",
          "Tests/Protos/generate.json",
        ]))
    #expect(result.exit == .code(0), "\(result.errors)")
  }
}
