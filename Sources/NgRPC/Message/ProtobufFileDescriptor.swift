/// What a .proto file declares: what reflection tells clients.
public struct ProtobufFileDescriptor: Sendable, Hashable {
  /// The file's path below its root, such as `cim/v1/route.proto`.
  public let name: String
  /// The names of the files that it imports.
  public let imports: [String]
  /// The full names of its services.
  public let services: [String]
  /// The full names of its messages, enums, services and methods.
  public let symbols: [String]
  /// A `google.protobuf.FileDescriptorProto`, serialized.
  public let serialized: [UInt8]

  /// - Parameter latin1: the serialized descriptor, one Unicode scalar below 256 for each byte: what is mostly text
  ///   stays legible in generated code.
  public init(name: String, imports: [String], services: [String], symbols: [String], latin1: String) {
    self.name = name
    self.imports = imports
    self.services = services
    self.symbols = symbols
    self.serialized = latin1.unicodeScalars.map { UInt8($0.value) }
  }
}
