import Foundation
import NgRPCCodeGen

/// Runs protoc and protoc-gen-c.
struct ProtoCompiler {
  /// The directory that imports are relative to.
  let root: URL
  private let protoc: URL
  private let protocGenC: URL

  /// - Throws: ``GenerationError`` that names the package to install when a program is missing.
  init(root: URL) throws {
    self.root = root
    self.protoc = try Self.find("protoc", package: "protobuf-compiler")
    self.protocGenC = try Self.find("protoc-gen-c", package: "protobuf-c-compiler")
  }

  /// The serialized `FileDescriptorSet` of the plan's files and what they import.
  func descriptorSet(for plan: GenerationPlan) throws -> Data {
    let files = try plan.modules.flatMap(\.directories).flatMap(protoFiles)
    let output = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).descriptors")
    defer { try? FileManager.default.removeItem(at: output) }
    let result = try ChildProcess.run(
      protoc,
      [
        "--proto_path=\(root.path)", "--include_imports", "--include_source_info",
        "--descriptor_set_out=\(output.path)",
      ] + files)
    guard result.status == 0 else { throw GenerationError("protoc refuses it:\n\(result.errors)") }
    return try Data(contentsOf: output)
  }

  /// protoc-gen-c's answer, a `CodeGeneratorResponse`, to a `CodeGeneratorRequest`.
  func generateC(_ request: Data) throws -> Data {
    let result = try ChildProcess.run(protocGenC, [], input: request)
    guard result.status == 0 else {
      throw GenerationError("protoc-gen-c failed with status \(result.status):\n\(result.errors)")
    }
    return result.output
  }

  private func protoFiles(in directory: String) throws -> [String] {
    let contents: [String]
    do {
      contents = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: directory).path)
    } catch {
      throw GenerationError("the directory \"\(directory)\" can't be read: \(error.localizedDescription)")
    }
    let files = contents.filter { $0.hasSuffix(".proto") }.sorted()
    guard !files.isEmpty else { throw GenerationError("the directory \"\(directory)\" has no .proto file") }
    return files.map { "\(directory)/\($0)" }
  }

  private static func find(_ program: String, package: String) throws -> URL {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    for directory in path.split(separator: ":") {
      let file = URL(filePath: String(directory), directoryHint: .isDirectory).appending(path: program)
      if FileManager.default.isExecutableFile(atPath: file.path) { return file }
    }
    throw GenerationError(
      "\(program) is not installed (not found in PATH); on Debian: sudo apt-get install \(package)")
  }
}
