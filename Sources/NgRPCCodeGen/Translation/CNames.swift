import SwiftProtobuf
import SwiftProtobufPluginLibrary

/// The names in protoc-gen-c's output.
///
/// Types and functions are named by its rules. Members are named by ours: the names are written into the descriptors
/// that it gets, so that no member collides with a keyword or with a member that protobuf-c adds.
enum CNames {
  /// `cim.v1.SendId` → `Cim__V1__SendId`, `cim__v1__send_id__init`
  static func structure(_ fullName: String) -> CStruct {
    let parts = fullName.split(separator: ".").map(String.init)
    return CStruct(
      type: parts.map(camel).joined(separator: "__"),
      initializer: parts.map(snake).joined(separator: "__") + "__init")
  }

  /// `cim/v1/route.proto` → `cim/v1/route.pb-c.h`
  static func header(_ path: String) -> String {
    (path.hasSuffix(".proto") ? String(path.dropLast(6)) : path) + ".pb-c.h"
  }

  /// The names in one message's struct.
  struct Members: Hashable {
    /// By field number.
    var fields: [Int32: String] = [:]
    /// The oneofs, in their order.
    var oneofs: [String] = []
    /// By field number: the oneof that the lowering adds around a field, to give it presence.
    var presences: [Int32: String] = [:]
  }

  static func members(of message: Descriptor) -> Members {
    members(
      oneofs: message.oneofs.map(\.name),
      fields: message.fields.map { ($0.name, $0.number, $0.isRepeated || $0.type == .message) })
  }

  static func members(of message: Google_Protobuf_DescriptorProto) -> Members {
    members(
      oneofs: message.oneofDecl.map(\.name),
      fields: message.field.map { ($0.name, $0.number, $0.label == .repeated || $0.type == .message) })
  }

  /// The member that tells which field of a oneof is set.
  static func caseMember(ofOneof name: String) -> String { "\(name)_case" }

  private static func members(
    oneofs: [String], fields: [(name: String, number: Int32, isCounted: Bool)]
  ) -> Members {
    var taken = keywords
    var members = Members()
    for field in fields where field.isCounted { taken.insert("n_\(field.name.lowercased())") }
    for field in fields {
      let name = field.name.lowercased()
      let unique = taken.contains(name) ? "\(name)_\(field.number)" : name
      members.fields[field.number] = unique
      taken.insert(unique)
    }
    /// A oneof's name is taken by itself and by its case member.
    func unique(_ wanted: String) -> String {
      var name = wanted
      while taken.contains(name) || taken.contains(caseMember(ofOneof: name)) { name += "_" }
      taken.formUnion([name, caseMember(ofOneof: name)])
      return name
    }
    for oneof in oneofs {
      // protoc names the oneof of an `optional` field after it, with an underscore in front.
      let isSynthetic = oneof.hasPrefix("_")
      members.oneofs.append(unique(snake(isSynthetic ? "\(oneof.drop { $0 == "_" })_presence" : oneof)))
    }
    for field in fields {
      members.presences[field.number] = unique("\(members.fields[field.number]!)_presence")
    }
    return members
  }

  /// protoc-gen-c's ToCamel.
  private static func camel(_ name: String) -> String {
    name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// protoc-gen-c's CamelToLower: an underscore where upper case begins.
  private static func snake(_ name: some StringProtocol) -> String {
    var result = ""
    var wasUpper = true
    for character in name {
      let isUpper = character.isUppercase
      if isUpper && !wasUpper { result += "_" }
      result += character.lowercased()
      wasUpper = isUpper
    }
    return result
  }

  /// What can't name a member: protobuf-c's own member, what Swift keeps for itself after a dot, keywords of C and
  /// C++, macros of the standard headers.
  private static let keywords: Set<String> = [
    "base", "self", "init",
    "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class",
    "compl",
    "const", "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
    "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long",
    "mutable", "namespace", "new", "not", "not_eq", "operator", "or", "or_eq", "private", "protected",
    "public",
    "register", "reinterpret_cast", "restrict", "return", "short", "signed", "sizeof", "static",
    "static_cast",
    "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
    "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq", "linux",
    "unix", "errno", "assert", "offsetof", "null",
  ]
}
