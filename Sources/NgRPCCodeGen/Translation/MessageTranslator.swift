import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// Makes the model of one message.
struct MessageTranslator {
  private let message: Descriptor
  private let scope: String
  private let cNames: CNames.Members

  /// - Parameter scope: what the Swift type is nested in.
  init(_ message: Descriptor, scope: String) {
    self.message = message
    self.scope = scope
    self.cNames = CNames.members(of: message)
  }

  func model() throws -> MessageModel {
    let name = SwiftNames.type(message.name)
    let inner = "\(scope).\(name)"
    return MessageModel(
      name: name,
      scope: scope,
      protoName: message.fullName,
      docs: message.docs,
      c: CNames.structure(message.fullName),
      properties: try properties(),
      messages: try message.messages.filter { !$0.options.mapEntry }
        .map { try MessageTranslator($0, scope: inner).model() },
      enums: message.enums.map { EnumModel($0, scope: inner) })
  }

  private func properties() throws -> [PropertyModel] {
    var properties: [PropertyModel] = []
    for field in message.fields {
      if let oneof = field.realContainingOneof {
        guard oneof.fields.first?.number == field.number else { continue }
        properties.append(.oneof(try translate(oneof)))
      } else {
        properties.append(.field(try translate(field)))
      }
    }
    return properties
  }

  private func translate(_ field: FieldDescriptor) throws -> FieldModel {
    FieldModel(
      name: SwiftNames.property(field.name),
      protoName: field.fullName,
      number: field.number,
      docs: field.docs,
      cName: cNames.fields[field.number]!,
      shape: try shape(of: field))
  }

  private func shape(of field: FieldDescriptor) throws -> FieldModel.Shape {
    if let (key, value) = field.messageType?.mapKeyAndValue {
      return .map(
        key: try type(of: key), value: try type(of: value),
        entry: CNames.structure(field.messageType.fullName))
    }
    let type = try type(of: field)
    if field.isRepeated { return .repeated(type) }
    if case .message(let swiftType) = type { return .message(swiftType: swiftType) }
    if let index = field.oneofIndex {
      return .optional(type, cCase: CNames.caseMember(ofOneof: cNames.oneofs[Int(index)]))
    }
    if CLowering.lacksNegativeZero(field.type) {
      return .plainFloat(type, cCase: CNames.caseMember(ofOneof: cNames.presences[field.number]!))
    }
    return .plain(type)
  }

  private func translate(_ oneof: OneofDescriptor) throws -> OneofModel {
    let nested = Set(message.messages.map(\.name) + message.enums.map(\.name)).map(SwiftNames.type)
    let typeName = SwiftNames.type(oneof.name)
    return OneofModel(
      name: SwiftNames.property(oneof.name),
      typeName: nested.contains(typeName) ? typeName + "Choice" : typeName,
      docs: oneof.docs,
      cCase: CNames.caseMember(ofOneof: cNames.oneofs[oneof.index]),
      fields: try oneof.fields.map { field in
        OneofModel.Member(
          name: SwiftNames.oneofCase(field.name),
          protoName: field.fullName,
          number: field.number,
          docs: field.docs,
          cName: cNames.fields[field.number]!,
          type: try type(of: field))
      })
  }

  private func type(of field: FieldDescriptor) throws -> ValueType {
    switch field.type {
    case .int32, .sint32, .sfixed32: .number("Int32")
    case .int64, .sint64, .sfixed64: .number("Int64")
    case .uint32, .fixed32: .number("UInt32")
    case .uint64, .fixed64: .number("UInt64")
    case .float: .number("Float")
    case .double: .number("Double")
    case .bool: .bool
    case .string: .string
    case .bytes: .bytes
    case .message: .message(swiftType: SwiftTypes.name(of: field.messageType))
    case .enum:
      .enumeration(
        swiftType: SwiftTypes.name(of: field.enumType),
        zero: SwiftNames.enumValue(field.enumType.values[0].name, in: field.enumType.name))
    case .group:
      throw GenerationError("groups are not supported: \(field.fullName)", at: field.location)
    }
  }
}
