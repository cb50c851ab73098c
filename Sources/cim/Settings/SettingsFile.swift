import Configuration
import Foundation

/// The file of `--config`: a JSON object whose nested objects make the dotted keys. Numbers and booleans count as their
/// text, and a list as its elements separated by commas.
struct SettingsFile: FileConfigSnapshot {
  struct ParsingOptions: FileParsingOptions {
    static let `default` = ParsingOptions()
  }

  let providerName: String
  private let values: [String: String]

  init(data: RawSpan, providerName: String, parsingOptions: ParsingOptions) throws {
    self.providerName = providerName
    let bytes = data.withUnsafeBytes { Data($0) }
    var values: [String: String] = [:]
    try JSONDecoder().decode(JSONTree.self, from: bytes).flatten(under: "", into: &values)
    self.values = values
  }

  /// Every key of the file.
  var keys: [String] { self.values.keys.sorted() }

  func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
    let name = key.components.joined(separator: ".")
    return LookupResult(
      encodedKey: name, value: self.values[name].map { ConfigValue(.string($0), isSecret: false) })
  }

  var description: String { "SettingsFile[\(self.values.count) values]" }

  var debugDescription: String { "SettingsFile[\(self.keys.joined(separator: ", "))]" }
}

/// A JSON document.
private enum JSONTree: Decodable {
  case leaf(String)
  case list([JSONTree])
  case object([String: JSONTree])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let object = try? container.decode([String: JSONTree].self) {
      self = .object(object)
    } else if let list = try? container.decode([JSONTree].self) {
      self = .list(list)
    } else if let text = try? container.decode(String.self) {
      self = .leaf(text)
    } else if let flag = try? container.decode(Bool.self) {
      self = .leaf("\(flag)")
    } else if let number = try? container.decode(Int64.self) {
      self = .leaf("\(number)")
    } else {
      self = .leaf("\(try container.decode(Double.self))")
    }
  }

  func flatten(under key: String, into values: inout [String: String]) throws {
    switch self {
    case .leaf(let text):
      values[key] = text
    case .list(let elements):
      values[key] = try elements.map { element in
        guard case .leaf(let text) = element else { throw NotFlat(key: key) }
        return text
      }.joined(separator: ",")
    case .object(let members):
      for (name, member) in members {
        try member.flatten(under: key.isEmpty ? name : "\(key).\(name)", into: &values)
      }
    }
  }

  struct NotFlat: Error, CustomStringConvertible {
    let key: String
    var description: String { "the list \"\(self.key)\" may hold texts and numbers only" }
  }
}
