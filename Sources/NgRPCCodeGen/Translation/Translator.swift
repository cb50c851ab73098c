import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Makes the model of a module from the descriptors of its .proto files.
struct Translator {
  var plan: GenerationPlan

  /// - Parameter files: the module's files, in the order of their paths.
  /// - Throws: ``GenerationError`` for what can't be generated.
  func translate(_ module: GenerationPlan.Module, files: [FileDescriptor]) throws -> ModuleModel {
    for file in files { try ProtoChecks.check(file, in: plan) }
    let packages = Set(files.map(\.package)).sorted()
    let model = ModuleModel(
      name: module.name,
      cName: module.cName,
      namespaces: packages.map { NamespaceModel(name: SwiftNames.namespace($0), package: $0) },
      files: try files.map { try translate($0, in: module) })
    try NameChecks.check(model, files: files)
    return model
  }

  private func translate(_ file: FileDescriptor, in module: GenerationPlan.Module) throws -> FileModel {
    let scope = SwiftNames.namespace(file.package)
    let imports = Set(file.dependencies.compactMap { plan.module(of: $0.name)?.name })
    return FileModel(
      path: file.name,
      namespace: scope,
      imports: imports.subtracting([module.name]).sorted(),
      enums: file.enums.map { EnumModel($0, scope: scope) },
      messages: try file.messages.map { try MessageTranslator($0, scope: scope).model() },
      services: file.services.map { translate($0, scope: scope) },
      descriptor: try descriptor(of: file))
  }

  private func translate(_ service: ServiceDescriptor, scope: String) -> ServiceModel {
    ServiceModel(
      name: SwiftNames.type(service.name),
      scope: scope,
      protoName: service.fullName,
      docs: service.docs,
      methods: service.methods.map { method in
        MethodModel(
          name: SwiftNames.method(method.name),
          protoName: method.name,
          docs: method.docs,
          kind: kind(of: method),
          request: SwiftTypes.name(of: method.inputType),
          response: SwiftTypes.name(of: method.outputType))
      })
  }

  private func kind(of method: SwiftProtobufPluginLibrary.MethodDescriptor) -> MethodModel.Kind {
    switch (method.clientStreaming, method.serverStreaming) {
    case (false, false): .unary
    case (true, false): .clientStreaming
    case (false, true): .serverStreaming
    case (true, true): .bidirectional
    }
  }

  private func descriptor(of file: FileDescriptor) throws -> FileDescriptorModel {
    let proto = file.extractProto()
    var symbols: [String] = []
    func add(_ message: Descriptor) {
      symbols.append(message.fullName)
      symbols += message.enums.map(\.fullName)
      message.messages.filter { !$0.options.mapEntry }.forEach(add)
    }
    symbols += file.enums.map(\.fullName)
    file.messages.forEach(add)
    for service in file.services {
      symbols.append(service.fullName)
      symbols += service.methods.map(\.fullName)
    }
    return FileDescriptorModel(
      path: file.name,
      imports: file.dependencies.map(\.name),
      services: file.services.map(\.fullName),
      symbols: symbols,
      serialized: try proto.serializedBytes())
  }
}
