/// Writes a message's value type.
enum MessageRenderer {
  static func render(_ message: MessageModel, into writer: inout SourceWriter) {
    writer.docs(message.docs)
    writer.block("public struct \(message.name): Hashable, Sendable") { writer in
      for property in message.properties {
        writer.docs(property.docs)
        writer.line("public var \(property.name): \(property.swiftType)")
      }
      if !message.properties.isEmpty { writer.line() }
      renderInitializer(of: message, into: &writer)
      for case .oneof(let oneof) in message.properties {
        writer.line()
        render(oneof, into: &writer)
      }
      for enumeration in message.enums {
        writer.line()
        EnumRenderer.render(enumeration, into: &writer)
      }
      for nested in message.messages {
        writer.line()
        render(nested, into: &writer)
      }
    }
  }

  private static func renderInitializer(of message: MessageModel, into writer: inout SourceWriter) {
    guard !message.properties.isEmpty else {
      writer.line("public init() {}")
      return
    }
    writer.line("public init(")
    writer.indented { writer in
      for (index, property) in message.properties.enumerated() {
        let comma = index + 1 < message.properties.count ? "," : ""
        writer.line("\(property.name): \(property.swiftType) = \(property.defaultValue)\(comma)")
      }
    }
    writer.block(")") { writer in
      for property in message.properties { writer.line("self.\(property.name) = \(property.name)") }
    }
  }

  private static func render(_ oneof: OneofModel, into writer: inout SourceWriter) {
    writer.docs(oneof.docs)
    writer.block("public enum \(oneof.typeName): Hashable, Sendable") { writer in
      for field in oneof.fields {
        writer.docs(field.docs)
        writer.line("case \(field.name)(\(field.type.swiftType))")
      }
    }
  }
}

extension PropertyModel {
  var name: String {
    switch self {
    case .field(let field): field.name
    case .oneof(let oneof): oneof.name
    }
  }

  var docs: [String] {
    switch self {
    case .field(let field): field.docs
    case .oneof(let oneof): oneof.docs
    }
  }

  var swiftType: String {
    switch self {
    case .oneof(let oneof): "\(oneof.typeName)?"
    case .field(let field):
      switch field.shape {
      case .plain(let type), .plainFloat(let type, _): type.swiftType
      case .optional(let type, _): "\(type.swiftType)?"
      case .message(let swiftType): "\(swiftType)?"
      case .repeated(let type): "[\(type.swiftType)]"
      case .map(let key, let value, _): "[\(key.swiftType): \(value.swiftType)]"
      }
    }
  }

  var defaultValue: String {
    guard case .field(let field) = self else { return "nil" }
    return switch field.shape {
    case .plain(let type), .plainFloat(let type, _): type.zero
    case .optional, .message: "nil"
    case .repeated: "[]"
    case .map: "[:]"
    }
  }
}

extension ValueType {
  /// The value that means "not sent".
  fileprivate var zero: String {
    switch self {
    case .number: "0"
    case .bool: "false"
    case .string: "\"\""
    case .bytes: "[]"
    case .enumeration(_, let zero): ".\(zero)"
    case .message(let type): "\(type)()"
    }
  }
}
