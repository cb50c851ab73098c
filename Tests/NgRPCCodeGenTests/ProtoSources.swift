import Foundation
import NgRPCCodeGen
import TestSupport
import Testing

/// .proto files in a temporary folder, with a plan that puts each directory into a module of its own.
struct ProtoSources {
  let folder: TemporaryDirectory
  let plan: GenerationPlan
  private let paths: [String]

  /// - Parameter files: the texts by path, such as `a/v1/a.proto`.
  init(_ files: [String: String]) throws {
    folder = try TemporaryDirectory("protos")
    for (path, text) in files {
      let directory = URL(filePath: "\(folder.path)/\(path)").deletingLastPathComponent()
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      try folder.write(text, to: path)
    }
    paths = files.keys.sorted()
    let directories = Set(paths.map { $0.split(separator: "/").dropLast().joined(separator: "/") }).sorted()
    plan = GenerationPlan(
      output: "Generated",
      modules: directories.map { directory in
        .init(name: directory.split(separator: "/").map(\.capitalized).joined(), directories: [directory])
      })
  }

  /// One file in the package `a.v1`, with the lines in front that it needs: the text begins on line 3.
  init(_ text: String) throws {
    try self.init(["a/v1/a.proto": "syntax = \"proto3\";\npackage a.v1;\n\(text)"])
  }

  /// A generator for the files.
  ///
  /// - Parameter plan: another plan than the files' own.
  func generator(_ plan: GenerationPlan? = nil) async throws -> CodeGenerator {
    let output = "\(folder.path)/descriptors"
    let options = ["--include_imports", "--include_source_info", "--descriptor_set_out=\(output)"]
    let result = try await run(Command("protoc", ["--proto_path=\(folder.path)"] + options + paths))
    try #require(result.exit == .code(0), "\(result.errors)")
    let set = try Data(contentsOf: URL(filePath: output))
    return try CodeGenerator(plan: plan ?? self.plan, serializedDescriptorSet: set)
  }

  /// The Swift that is generated from the file.
  func swift(of path: String = "AV1/a.v1.a.swift") async throws -> String {
    let outputs = try await generator().swiftOutputs()
    return try #require(outputs.first { $0.path == path }).content
  }

  /// Why nothing is generated.
  func refusal() async throws -> GenerationError? {
    let generator = try await generator()
    return #expect(throws: GenerationError.self) { try generator.swiftOutputs() }
  }
}
