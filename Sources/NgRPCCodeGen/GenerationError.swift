/// Why nothing could be generated: what is wrong, where, and what to do.
public struct GenerationError: Error, Hashable, CustomStringConvertible {
  /// A place in a .proto file.
  public struct Location: Hashable, Sendable, CustomStringConvertible {
    /// The file's path below its root, such as `cim/v1/route.proto`.
    public var file: String
    /// The line, beginning at 1; nil when the whole file is meant.
    public var line: Int?

    public init(file: String, line: Int? = nil) {
      self.file = file
      self.line = line
    }

    public var description: String {
      line.map { "\(file):\($0)" } ?? file
    }
  }

  /// For people.
  public var message: String
  /// Where; nil when no .proto file is to blame.
  public var location: Location?

  public init(_ message: String, at location: Location? = nil) {
    self.message = message
    self.location = location
  }

  public var description: String {
    location.map { "\($0): \(message)" } ?? message
  }
}
