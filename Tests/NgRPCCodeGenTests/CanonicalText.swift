/// The content of a generated message as text, in the form of `random_messages.py`: each property with its value, in
/// the order of their names.
func canonicalText(_ value: Any) -> String {
  switch value {
  case let text as String: return "s" + hex(text.utf8)
  // Any empty array can be cast to this type.
  case let bytes as [UInt8] where type(of: value) == [UInt8].self: return "b" + hex(bytes)
  case let number as Float: return number.isNaN ? "nan" : "f" + hex(number.bitPattern)
  case let number as Double: return number.isNaN ? "nan" : "f" + hex(number.bitPattern)
  case let flag as Bool: return "\(flag)"
  case let number as any BinaryInteger: return "\(number)"
  case let enumeration as any RawRepresentable<Int32>: return "e\(enumeration.rawValue)"
  default: return canonicalText(reflecting: Mirror(reflecting: value))
  }
}

private func canonicalText(reflecting mirror: Mirror) -> String {
  switch mirror.displayStyle {
  case .optional:
    return mirror.children.first.map { canonicalText($0.value) } ?? "-"
  case .enum:
    let chosen = mirror.children.first!
    return "\(chosen.label!)(\(canonicalText(chosen.value)))"
  case .collection:
    return "[" + mirror.children.map { canonicalText($0.value) }.joined(separator: ",") + "]"
  case .dictionary:
    let entries = mirror.children.map { entry in
      Mirror(reflecting: entry.value).children.map { canonicalText($0.value) }.joined(separator: "=")
    }
    return "<" + entries.sorted().joined(separator: ";") + ">"
  default:
    let properties = mirror.children.map { "\($0.label!):\(canonicalText($0.value))" }
    let inOrderOfNames = properties.sorted { $0.prefix { $0 != ":" } < $1.prefix { $0 != ":" } }
    return "{" + inOrderOfNames.joined(separator: ",") + "}"
  }
}

private func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

private func hex(_ number: some FixedWidthInteger) -> String {
  withUnsafeBytes(of: number.bigEndian) { hex($0) }
}

/// Where two texts begin to differ, with what stands around it in both; nil when they are the same.
func firstDifference(_ text: String, _ other: String) -> String? {
  guard text != other else { return nil }
  let common = zip(text.utf8, other.utf8).prefix { $0 == $1 }.count
  let excerpts = [text, other].map {
    String(decoding: $0.utf8.dropFirst(max(0, common - 40)).prefix(80), as: UTF8.self)
  }
  return "at \(common): \(excerpts[0]) and \(excerpts[1])"
}
