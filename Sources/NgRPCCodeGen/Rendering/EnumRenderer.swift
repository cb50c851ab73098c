/// Writes an enum.
enum EnumRenderer {
  static func render(_ enumeration: EnumModel, into writer: inout SourceWriter) {
    writer.docs(enumeration.docs)
    writer.block(
      "public struct \(enumeration.name): RawRepresentable, Hashable, Sendable, CustomStringConvertible"
    ) { writer in
      for value in enumeration.values {
        writer.docs(value.docs)
        writer.line("public static let \(value.name) = Self(rawValue: \(value.number))")
      }
      writer.line()
      writer.line("/// The number on the wire; one that this version does not know is kept.")
      writer.line("public var rawValue: Int32")
      writer.line()
      writer.block("public init(rawValue: Int32)") { $0.line("self.rawValue = rawValue") }
      writer.line()
      writer.line("/// The name in the .proto file, or the number when it has none.")
      writer.block("public var description: String") { writer in
        writer.cases(of: "rawValue") { writer in
          var seen: Set<Int32> = []
          for value in enumeration.values where seen.insert(value.number).inserted {
            writer.line("case \(value.number): \"\(value.protoName)\"")
          }
          writer.line("default: String(rawValue)")
        }
      }
    }
  }
}
