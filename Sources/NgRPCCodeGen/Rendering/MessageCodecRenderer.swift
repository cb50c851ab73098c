/// Writes how a message takes its C form, and comes back from it.
enum MessageCodecRenderer {
  static func render(_ message: MessageModel, into writer: inout SourceWriter) {
    writer.line()
    writer.block("extension \(message.typeName): ProtobufMessage") { writer in
      renderBlank(message, into: &writer)
      writer.line()
      renderStore(message, into: &writer)
      writer.line()
      renderLoad(message, into: &writer)
    }
    for nested in message.messages { render(nested, into: &writer) }
  }

  private static func renderBlank(_ message: MessageModel, into writer: inout SourceWriter) {
    writer.block("public static func protobufBlank(in arena: ProtobufArena) -> UnsafeMutableRawPointer") {
      $0.line("let c = arena.allocate(\(message.c.type).self)")
      $0.line("\(message.c.initializer)(c)")
      $0.line("return UnsafeMutableRawPointer(c)")
    }
  }

  // MARK: Swift to C

  private static func renderStore(_ message: MessageModel, into writer: inout SourceWriter) {
    writer.block("public func protobufStored(in arena: ProtobufArena) -> UnsafeMutableRawPointer") { writer in
      guard !message.properties.isEmpty else {
        writer.line("Self.protobufBlank(in: arena)")
        return
      }
      writer.line("let blank = Self.protobufBlank(in: arena)")
      writer.line("let c = blank.assumingMemoryBound(to: \(message.c.type).self)")
      for property in message.properties {
        switch property {
        case .field(let field): renderStore(field, into: &writer)
        case .oneof(let oneof): renderStore(oneof, into: &writer)
        }
      }
      writer.line("return blank")
    }
  }

  private static func renderStore(_ field: FieldModel, into writer: inout SourceWriter) {
    let c = "c.pointee.\(field.cName)"
    let value = "self.\(field.name)"
    switch field.shape {
    case .plain(let type):
      writer.line("\(c) = \(type.stored(value))")
    case .plainFloat(let type, let cCase):
      writer.block("if \(value).bitPattern != 0") {
        $0.line("\(c) = \(type.stored(value))")
        $0.line("c.pointee.\(cCase) = .init(rawValue: \(field.number))")
      }
    case .optional(let type, let cCase):
      writer.block("if let value = \(value)") {
        $0.line("\(c) = \(type.stored("value"))")
        $0.line("c.pointee.\(cCase) = .init(rawValue: \(field.number))")
      }
    case .message:
      writer.line("(c.pointee.n_\(field.cName), \(c)) = arena.single(\(value))")
    case .repeated(.number):
      writer.line("(c.pointee.n_\(field.cName), \(c)) = arena.array(\(value))")
    case .repeated(let type):
      writer.line("(c.pointee.n_\(field.cName), \(c)) = arena.array(\(value)) { \(type.stored("$0")) }")
    case .map(let key, let value, let entry):
      writer.block("(c.pointee.n_\(field.cName), \(c)) = arena.array(self.\(field.name))") { writer in
        writer.line("(key, value) -> UnsafeMutablePointer<\(entry.type)>? in")
        writer.line("let entry = arena.allocate(\(entry.type).self)")
        writer.line("\(entry.initializer)(entry)")
        writer.line("entry.pointee.key = \(key.stored("key"))")
        switch value {
        case .message: writer.line("(entry.pointee.n_value, entry.pointee.value) = arena.single(value)")
        default: writer.line("entry.pointee.value = \(value.stored("value"))")
        }
        if value.isFloatingPoint {
          writer.line("entry.pointee.value_presence_case = .init(rawValue: 2)")
        }
        writer.line("return entry")
      }
    }
  }

  private static func renderStore(_ oneof: OneofModel, into writer: inout SourceWriter) {
    writer.cases(of: "self.\(oneof.name)") { writer in
      for field in oneof.fields {
        writer.line("case .\(field.name)(let value):")
        writer.line("  c.pointee.\(field.cName) = \(field.type.stored("value"))")
        writer.line("  c.pointee.\(oneof.cCase) = .init(rawValue: \(field.number))")
      }
      writer.line("case nil: break")
    }
  }

  // MARK: C to Swift

  private static func renderLoad(_ message: MessageModel, into writer: inout SourceWriter) {
    writer.block("public init(protobufStored: UnsafeRawPointer) throws(MessageDecodingError)") { writer in
      guard !message.properties.isEmpty else {
        writer.line("self.init()")
        return
      }
      writer.line("let c = protobufStored.assumingMemoryBound(to: \(message.c.type).self)")
      for property in message.properties {
        switch property {
        case .field(let field): writer.line("self.\(field.name) = \(loaded(field))")
        case .oneof(let oneof): renderLoad(oneof, into: &writer)
        }
      }
    }
  }

  private static func loaded(_ field: FieldModel) -> String {
    let c = "c.pointee.\(field.cName)"
    switch field.shape {
    case .plain(let type), .plainFloat(let type, _):
      return type.loaded(c, field: field.protoName)
    case .optional(let type, let cCase):
      return
        "c.pointee.\(cCase).rawValue == \(field.number) ? \(type.loaded(c, field: field.protoName)) : nil"
    case .message:
      return "try ProtobufField.single(\(c), c.pointee.n_\(field.cName))"
    case .repeated(.number):
      return "ProtobufField.array(\(c), c.pointee.n_\(field.cName))"
    case .repeated(.message):
      return "try ProtobufField.messages(\(c), c.pointee.n_\(field.cName))"
    case .repeated(let type):
      return
        "try ProtobufField.array(\(c), c.pointee.n_\(field.cName)) { value throws(MessageDecodingError) in "
        + "\(type.loaded("value", field: field.protoName)) }"
    case .map(let key, let value, _):
      return "try ProtobufField.dictionary(\(c), c.pointee.n_\(field.cName)) { "
        + "entry throws(MessageDecodingError) in "
        + "(\(key.loaded("entry.key", field: "\(field.protoName).key")), "
        + "\(value.loadedFromEntry(field: "\(field.protoName).value"))) }"
    }
  }

  private static func renderLoad(_ oneof: OneofModel, into writer: inout SourceWriter) {
    writer.cases(of: "c.pointee.\(oneof.cCase).rawValue") { writer in
      for field in oneof.fields {
        let value = field.type.loaded("c.pointee.\(field.cName)", field: field.protoName)
        writer.line("case \(field.number): self.\(oneof.name) = .\(field.name)(\(value))")
      }
      writer.line("default: self.\(oneof.name) = nil")
    }
  }
}

extension ValueType {
  var isFloatingPoint: Bool { self == .number("Float") || self == .number("Double") }

  /// The C form of a Swift expression.
  fileprivate func stored(_ value: String) -> String {
    switch self {
    case .number: value
    case .bool: "\(value) ? 1 : 0"
    case .string, .bytes: "arena.copy(\(value))"
    case .enumeration: "\(value).rawValue"
    case .message: "arena.pointer(to: \(value))"
    }
  }

  /// The Swift form of a map entry's value.
  fileprivate func loadedFromEntry(field: String) -> String {
    guard case .message(let type) = self else { return loaded("entry.value", field: field) }
    return "try ProtobufField.single(entry.value, entry.n_value) ?? \(type)()"
  }

  /// The Swift form of a C expression.
  fileprivate func loaded(_ value: String, field: String) -> String {
    switch self {
    case .number: value
    case .bool: "\(value) != 0"
    case .string: "try ProtobufField.string(\(value), \"\(field)\")"
    case .bytes: "ProtobufField.bytes(\(value))"
    case .enumeration(let type, _): "\(type)(rawValue: \(value))"
    case .message(let type): "try ProtobufField.message(\(value)) ?? \(type)()"
    }
  }
}
