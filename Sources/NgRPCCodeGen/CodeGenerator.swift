import Foundation
import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Makes the sources of a plan's modules from what protoc says of its .proto files.
///
/// Pure: files go in and out as values. The C comes from protoc-gen-c, which the caller runs.
public struct CodeGenerator {
  /// A file to write.
  public struct Output: Hashable, Sendable {
    /// The path below the plan's output directory, such as `CIMProtos/cim.v1.route.swift`.
    public var path: String
    public var content: String
  }

  private let plan: GenerationPlan
  private let descriptorSet: Google_Protobuf_FileDescriptorSet
  private let descriptors: DescriptorSet

  /// - Parameter serializedDescriptorSet: a `google.protobuf.FileDescriptorSet` of the plan's files and all that they
  ///   import, with comments: protoc's `--descriptor_set_out --include_imports --include_source_info`.
  public init(plan: GenerationPlan, serializedDescriptorSet: Data) throws {
    self.plan = plan
    self.descriptorSet = try Google_Protobuf_FileDescriptorSet(serializedBytes: serializedDescriptorSet)
    self.descriptors = DescriptorSet(proto: descriptorSet)
  }

  /// Checks the plan's files and writes the Swift sources, the C headers that hold a module together, and the
  /// module maps.
  ///
  /// - Throws: ``GenerationError``, naming file and line, for what is not supported.
  public func swiftOutputs() throws -> [Output] {
    try plan.modules.flatMap { module in
      let model = try Translator(plan: plan).translate(module, files: files(of: module))
      var outputs = model.files.map { file in
        Output(
          path: "\(module.name)/\(swiftName(of: file.path))",
          content: SwiftFileRenderer.render(file, in: model))
      }
      outputs += [
        Output(
          path: "\(module.name)/\(module.name)Descriptors.swift", content: DescriptorsRenderer.render(model)),
        Output(path: "\(module.cName)/include/\(module.cName).h", content: CModuleRenderer.umbrella(model)),
        Output(path: "\(module.cName)/include/module.modulemap", content: CModuleRenderer.moduleMap(model)),
      ]
      return outputs
    }
  }

  /// What protoc-gen-c gets on its standard input for `module`: a `CodeGeneratorRequest`.
  public func cRequest(for module: GenerationPlan.Module) throws -> Data {
    let request = try Google_Protobuf_Compiler_CodeGeneratorRequest.with { request in
      request.fileToGenerate = files(of: module).map(\.name)
      request.protoFile = try descriptorSet.file.map(CLowering.lowered)
      request.compilerVersion = .with {
        $0.major = 3
        $0.minor = 21
      }
    }
    return try request.serializedData()
  }

  /// The files in what protoc-gen-c wrote on its standard output for `module`.
  public func cOutputs(for module: GenerationPlan.Module, response: Data) throws -> [Output] {
    let response = try Google_Protobuf_Compiler_CodeGeneratorResponse(serializedBytes: response)
    if response.hasError { throw GenerationError("protoc-gen-c: \(response.error)") }
    return response.file.map { file in
      let directory = file.name.hasSuffix(".h") ? "\(module.cName)/include" : module.cName
      return Output(path: "\(directory)/\(file.name)", content: file.content)
    }
  }

  private func files(of module: GenerationPlan.Module) -> [FileDescriptor] {
    descriptors.files.filter { plan.module(of: $0.name) == module }.sorted { $0.name < $1.name }
  }

  /// `cim/v1/route.proto` → `cim.v1.route.swift`: a module's files are all named differently, whatever their directory.
  private func swiftName(of path: String) -> String {
    let stem = path.hasSuffix(".proto") ? String(path.dropLast(6)) : path
    return stem.replacingOccurrences(of: "/", with: ".") + ".swift"
  }
}
