/// Writes a module's namespaces and its files' descriptors.
enum DescriptorsRenderer {
  static func render(_ module: ModuleModel) -> String {
    var writer = SourceWriter()
    SwiftFileRenderer.header(of: "for \(module.name)", into: &writer)
    writer.line("public import NgRPC")
    for namespace in module.namespaces {
      writer.line()
      writer.line("/// The proto package `\(namespace.package)`.")
      writer.line("public enum \(namespace.name) {}")
    }
    writer.line()
    writer.line("/// What the .proto files of \(module.name) declare, for reflection.")
    writer.block("public enum \(module.name)Descriptors") { writer in
      writer.line("/// The files, in the order of their names.")
      writer.line("public static let all: [ProtobufFileDescriptor] = [")
      writer.indented { writer in
        for file in module.files { writer.line("\(identifier(of: file.path)),") }
      }
      writer.line("]")
      for file in module.files {
        writer.line()
        render(file.descriptor, into: &writer)
      }
    }
    return writer.text
  }

  private static func render(_ file: FileDescriptorModel, into writer: inout SourceWriter) {
    writer.line("private static let \(identifier(of: file.path)) = ProtobufFileDescriptor(")
    writer.indented { writer in
      writer.line("name: \"\(file.path)\",")
      writer.line("imports: \(list(file.imports)),")
      writer.line("services: \(list(file.services)),")
      writer.line("symbols: [")
      writer.indented { writer in
        for symbol in file.symbols { writer.line("\"\(symbol)\",") }
      }
      writer.line("],")
      writer.line("latin1: \"\"\"")
      writer.indented { writer in
        let lines = latin1(file.serialized)
        for line in lines.dropLast() { writer.line(line + "\\") }
        for line in lines.suffix(1) { writer.line(line) }
        writer.line("\"\"\")")
      }
    }
  }

  private static func list(_ names: [String]) -> String {
    "[" + names.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
  }

  /// `cim/v1/route.proto` → `cim_v1_route`
  private static func identifier(of path: String) -> String {
    let stem = path.hasSuffix(".proto") ? path.dropLast(6) : path[...]
    return String(stem.map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  /// The bytes as the characters of a string literal, in lines of about 100.
  private static func latin1(_ bytes: [UInt8]) -> [String] {
    var lines: [String] = []
    var line = ""
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\\"): line += "\\\\"
      case UInt8(ascii: "\""): line += "\\\""
      case 0x21..<0x7F: line.unicodeScalars.append(Unicode.Scalar(byte))
      default: line += "\\u{\(String(byte, radix: 16, uppercase: true))}"
      }
      if line.utf8.count >= 100 {
        lines.append(line)
        line = ""
      }
    }
    if !line.isEmpty { lines.append(line) }
    return lines
  }
}
