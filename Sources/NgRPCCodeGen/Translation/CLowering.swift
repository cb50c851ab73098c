import Foundation
import SwiftProtobuf

/// The descriptors that protoc-gen-c gets: the same messages on the wire, in a form that its C can carry.
///
/// - A string becomes length-counted bytes: as `char *` a NUL would cut it.
/// - An enum becomes its number, which keeps unknown values.
/// - Presence becomes a oneof of one field: protoc-gen-c does not know proto3's `optional`.
/// - A floating-point number gets presence: protobuf-c takes -0 for 0.
/// - A message becomes a list of messages: protobuf-c's merging of one that comes twice loses fields and refuses others.
/// - A map becomes what it is on the wire, repeated entries.
/// - Comments, services and options go: nothing of them is used from C.
enum CLowering {
  static func lowered(_ file: Google_Protobuf_FileDescriptorProto) throws
    -> Google_Protobuf_FileDescriptorProto
  {
    var file = file
    file.clearSourceCodeInfo()
    file.service = []
    file.enumType = []
    // (pb_c_file) = { gen_pack_helpers: false }: the generic functions of protobuf-c do that.
    file.options = try .init(serializedBytes: option(pbcExtension, [0x10, 0x00]))
    file.messageType = try file.messageType.map(lowered)
    return file
  }

  private static func lowered(_ message: Google_Protobuf_DescriptorProto) throws
    -> Google_Protobuf_DescriptorProto
  {
    var message = message
    let names = CNames.members(of: message)
    message.enumType = []
    message.options = .init()
    message.reservedName = []
    message.nestedType = try message.nestedType.map(lowered)
    for index in message.oneofDecl.indices {
      message.oneofDecl[index].name = names.oneofs[index]
      message.oneofDecl[index].clearOptions()
    }
    repeatMessages(in: &message)
    for index in message.field.indices {
      let number = message.field[index].number
      let field = message.field[index]
      if field.label != .repeated && !field.hasOneofIndex && lacksNegativeZero(field.type) {
        message.field[index].oneofIndex = Int32(message.oneofDecl.count)
        message.oneofDecl.append(.with { $0.name = names.presences[number]! })
      }
      message.field[index] = try lowered(message.field[index], name: names.fields[number]!)
    }
    return message
  }

  private static func repeatMessages(in message: inout Google_Protobuf_DescriptorProto) {
    for index in message.field.indices where isRepeatedInC(message.field[index]) {
      message.field[index].label = .repeated
      message.field[index].clearOneofIndex()
    }
    let used = Set(message.field.filter(\.hasOneofIndex).map { Int($0.oneofIndex) }).sorted()
    message.oneofDecl = used.map { message.oneofDecl[$0] }
    for index in message.field.indices where message.field[index].hasOneofIndex {
      message.field[index].oneofIndex = Int32(used.firstIndex(of: Int(message.field[index].oneofIndex))!)
    }
  }

  private static func isRepeatedInC(_ field: Google_Protobuf_FieldDescriptorProto) -> Bool {
    field.type == .message && (!field.hasOneofIndex || field.proto3Optional)
  }

  private static func lowered(
    _ field: Google_Protobuf_FieldDescriptorProto, name: String
  ) throws -> Google_Protobuf_FieldDescriptorProto {
    var lowered = field
    lowered.name = name
    lowered.clearJsonName()
    lowered.clearProto3Optional()
    lowered.clearOptions()
    if field.options.hasPacked { lowered.options.packed = field.options.packed }
    switch field.type {
    case .string:
      // (pb_c_field) = { string_as_bytes: true }
      lowered.options = try .init(serializedBytes: option(pbcExtension, [0x08, 0x01]))
    case .enum:
      lowered.type = .int32
      lowered.clearTypeName()
    default: break
    }
    return lowered
  }

  /// Whether protobuf-c would lose a value of a field without presence.
  static func lacksNegativeZero(_ type: Google_Protobuf_FieldDescriptorProto.TypeEnum) -> Bool {
    type == .float || type == .double
  }

  /// The number of protobuf-c's options in protobuf-c.proto.
  private static let pbcExtension = 1019

  /// A message field in wire format.
  private static func option(_ number: Int, _ content: [UInt8]) -> [UInt8] {
    let tag = number << 3 | 2
    return [UInt8(tag & 0x7F | 0x80), UInt8(tag >> 7), UInt8(content.count)] + content
  }
}
