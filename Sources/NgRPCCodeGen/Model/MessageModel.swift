/// A message in Swift and in C.
struct MessageModel: Hashable {
  /// The Swift type's name, without what it is nested in.
  var name: String
  /// What the Swift type is nested in, such as `CimV1` or `CimV1.Outer`.
  var scope: String
  /// `cim.v1.User`
  var protoName: String
  /// Lines of documentation.
  var docs: [String]
  var c: CStruct
  /// In the order of the .proto file; a oneof stands where its first field stands.
  var properties: [PropertyModel]
  var messages: [MessageModel]
  var enums: [EnumModel]

  /// The Swift type's full name.
  var typeName: String { "\(scope).\(name)" }
}

/// The names by which protoc-gen-c's output is used.
struct CStruct: Hashable {
  /// `Cim__V1__User`
  var type: String
  /// `cim__v1__user__init`
  var initializer: String
}

/// A stored property of a message.
enum PropertyModel: Hashable {
  case field(FieldModel)
  case oneof(OneofModel)
}

/// A field that is a property of its own.
struct FieldModel: Hashable {
  /// The property's name, escaped where Swift asks for it.
  var name: String
  /// `cim.v1.User.name`
  var protoName: String
  var number: Int32
  var docs: [String]
  /// The C struct's member.
  var cName: String
  var shape: Shape

  /// How many values, and of what.
  enum Shape: Hashable {
    /// One value, which is zero or empty when nothing was sent.
    case plain(ValueType)
    /// A floating-point number without presence. In C it has presence: protobuf-c takes -0 for 0.
    case plainFloat(ValueType, cCase: String)
    /// One value or none; `cCase` is the C member that tells.
    case optional(ValueType, cCase: String)
    /// A message or none; in C a pointer.
    case message(swiftType: String)
    case repeated(ValueType)
    case map(key: ValueType, value: ValueType, entry: CStruct)
  }
}

/// Several fields of which at most one is set.
struct OneofModel: Hashable {
  /// The property's name.
  var name: String
  /// The nested enum's name.
  var typeName: String
  var docs: [String]
  /// The C member that tells which field is set.
  var cCase: String
  var fields: [Member]

  /// A case of the enum.
  struct Member: Hashable {
    var name: String
    var protoName: String
    var number: Int32
    var docs: [String]
    var cName: String
    var type: ValueType
  }
}

/// The type of one value.
enum ValueType: Hashable {
  /// A number that is the same in C, such as `Int32`.
  case number(String)
  case bool
  case string
  case bytes
  /// `zero` names the value of number 0.
  case enumeration(swiftType: String, zero: String)
  case message(swiftType: String)

  var swiftType: String {
    switch self {
    case .number(let type): type
    case .bool: "Bool"
    case .string: "String"
    case .bytes: "[UInt8]"
    case .enumeration(let type, _), .message(let type): type
    }
  }
}
