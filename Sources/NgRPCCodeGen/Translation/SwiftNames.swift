import SwiftProtobufPluginLibrary

/// How the names of a .proto file become Swift's.
enum SwiftNames {
  /// `cim.v1` → `CimV1`
  static func namespace(_ package: String) -> String {
    package.split(separator: ".").map { upperCamel(String($0)) }.joined()
  }

  /// `my_message` → `MyMessage`; names that would hide what generated code uses get an underscore.
  static func type(_ name: String) -> String {
    let camel = upperCamel(name)
    return reservedTypes.contains(camel) ? camel + "_" : camel
  }

  /// `user_id` → `userID`
  static func property(_ name: String) -> String {
    escape(NamingUtils.toLowerCamelCase(name))
  }

  /// `user_id` → `userID`, and no case that would hide one of `Optional`.
  static func oneofCase(_ name: String) -> String {
    let name = property(name)
    return ["none", "some"].contains(name) ? name + "_" : name
  }

  /// `OnlineUsers` → `onlineUsers`
  static func method(_ name: String) -> String {
    escape(NamingUtils.toLowerCamelCase(name))
  }

  /// `ACK_LEVEL_LOGGED` in `AckLevel` → `logged`
  static func enumValue(_ name: String, in enumName: String) -> String {
    escape(NamingUtils.toLowerCamelCase(withoutPrefix(name, of: enumName).lowercased()))
  }

  /// Drops the enum's name in front of a value's, unless what is left could not be a name.
  private static func withoutPrefix(_ name: String, of enumName: String) -> String {
    let wanted = enumName.lowercased().filter { $0 != "_" }
    var matched = wanted[...]
    var rest = name[...]
    while let next = matched.first {
      guard let character = rest.popFirst() else { return name }
      if character == "_" { continue }
      guard character.lowercased() == String(next) else { return name }
      matched.removeFirst()
    }
    guard rest.first == "_" else { return name }
    rest = rest.drop { $0 == "_" }
    return rest.first?.isLetter == true ? String(rest) : name
  }

  private static func upperCamel(_ name: String) -> String {
    name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  private static func escape(_ name: String) -> String {
    if reservedMembers.contains(name) { return name + "_" }
    return keywords.contains(name) ? "`\(name)`" : name
  }

  private static let keywords =
    swiftKeywordsUsedInDeclarations
    .union(swiftKeywordsUsedInStatements)
    .union(swiftKeywordsUsedInExpressionsAndTypes)

  /// What backticks don't free: members that every generated type has, and names with a meaning after a dot.
  private static let reservedMembers: Set<String> = [
    "self", "init", "Type", "Protocol", "hashValue", "hash", "rawValue", "description", "protobufStored",
    "serialize", "protobufBlank",
  ]

  /// Types that generated code names without their module, and names that Swift keeps for itself.
  private static let reservedTypes: Set<String> = [
    "Type", "Protocol", "Self", "Any", "Bool", "String", "Int", "Int32", "Int64", "UInt8", "UInt32", "UInt64",
    "Float", "Double", "StaticString", "Hashable", "Sendable", "RawRepresentable", "CustomStringConvertible",
    "UnsafeRawPointer", "UnsafeMutableRawPointer", "UnsafeMutablePointer", "ProtobufArena", "ProtobufField",
    "ProtobufMessage", "ProtobufFileDescriptor", "MessageDecodingError", "MethodDescriptor", "RPCService",
    "RPCRouter", "RPCChannel", "ServerContext", "RequestStream", "ResponseWriter", "ClientCall",
    "CallOptions",
  ]
}
