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
    /// By the oneof's index: the name, to which protobuf-c adds `_case` for the member that tells which field is set.
    var oneofs: [String] = []
  }

  static func members(of message: Descriptor) -> Members {
    members(
      oneofs: message.oneofs.map(\.name),
      fields: message.fields.map { ($0.name, $0.number, $0.isRepeated) })
  }

  static func members(of message: Google_Protobuf_DescriptorProto) -> Members {
    members(
      oneofs: message.oneofDecl.map(\.name),
      fields: message.field.map { ($0.name, $0.number, $0.label == .repeated) })
  }

  private static func members(
    oneofs: [String], fields: [(name: String, number: Int32, isRepeated: Bool)]
  ) -> Members {
    var taken = keywords
    var members = Members()
    for (index, oneof) in oneofs.enumerated() {
      // protoc names the oneof of an `optional` field after it, with an underscore in front.
      let isSynthetic = oneof.hasPrefix("_")
      let name = snake(isSynthetic ? "\(oneof.drop { $0 == "_" })_presence" : oneof)
      let unique = taken.contains("\(name)_case") ? "\(name)_\(index)" : name
      members.oneofs.append(unique)
      taken.insert("\(unique)_case")
    }
    for field in fields where field.isRepeated { taken.insert("n_\(field.name.lowercased())") }
    for field in fields {
      let name = field.name.lowercased()
      let unique = taken.contains(name) ? "\(name)_\(field.number)" : name
      members.fields[field.number] = unique
      taken.insert(unique)
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

  /// What can't name a member: keywords of C and C++, protobuf-c's own member, macros of the standard headers.
  private static let keywords: Set<String> = [
    "base",
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
