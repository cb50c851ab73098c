import SwiftProtobufPluginLibrary

/// Refuses declarations whose names are the same in Swift.
enum NameChecks {
  static func check(_ module: ModuleModel, files: [FileDescriptor]) throws {
    try refuseDuplicates(
      module.namespaces.map { ($0.name, "the package \($0.package)") }, in: module.name, at: nil)
    var topLevel: [String: [(name: String, what: String)]] = [:]
    for file in module.files {
      let types =
        file.messages.map { ($0.typeName, $0.protoName) }
        + file.services.map { ($0.typeName, $0.protoName) }
        + file.enums.map { ("\($0.scope).\($0.name)", "the enum \($0.name)") }
      topLevel[module.name, default: []] += types
      for message in file.messages { try check(message, in: file) }
      for enumeration in file.enums { try check(enumeration, in: file) }
    }
    for (scope, types) in topLevel { try refuseDuplicates(types, in: scope, at: nil) }
  }

  private static func check(_ message: MessageModel, in file: FileModel) throws {
    let location = GenerationError.Location(file: file.path)
    var members: [(String, String)] = message.messages.map { ($0.name, $0.protoName) }
    members += message.enums.map { ($0.name, "the enum \($0.name)") }
    for property in message.properties {
      switch property {
      case .field(let field): members.append((field.name, field.protoName))
      case .oneof(let oneof):
        members.append((oneof.name, "the oneof \(oneof.name)"))
        members.append((oneof.typeName, "the type of the oneof \(oneof.name)"))
        try refuseDuplicates(oneof.fields.map { ($0.name, $0.protoName) }, in: oneof.typeName, at: location)
      }
    }
    try refuseDuplicates(members, in: message.protoName, at: location)
    for nested in message.messages { try check(nested, in: file) }
    for enumeration in message.enums { try check(enumeration, in: file) }
  }

  private static func check(_ enumeration: EnumModel, in file: FileModel) throws {
    try refuseDuplicates(
      enumeration.values.map { ($0.name, $0.protoName) }, in: enumeration.name, at: .init(file: file.path))
  }

  private static func refuseDuplicates(
    _ names: [(name: String, what: String)], in scope: String, at location: GenerationError.Location?
  ) throws {
    var seen: [String: String] = [:]
    for (name, what) in names {
      if let other = seen.updateValue(what, forKey: name) {
        throw GenerationError(
          "\(other) and \(what) are both named \(name) in Swift, in \(scope); rename one", at: location)
      }
    }
  }
}
