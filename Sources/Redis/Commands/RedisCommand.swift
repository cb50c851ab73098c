/// A command with its arguments, such as `SET key value`. Arguments are bytes, NUL and line ends included.
///
///     let command = RedisCommand("SET", "greeting", [0x68, 0x69] as [UInt8], "PX", 5_000)
public struct RedisCommand: Sendable, Hashable {
  /// All arguments, one after the other: one allocation, whatever their number.
  private(set) var bytes: [UInt8]
  /// Where each argument ends in `bytes`; the name is the first.
  private(set) var ends: [Int]

  /// Makes a command from its name and arguments.
  public init<each Argument: RedisArgument>(_ name: String, _ arguments: repeat each Argument) {
    precondition(!name.isEmpty, "a Redis command needs a name")
    bytes = Array(name.utf8)
    ends = [bytes.count]
    for argument in repeat each arguments {
      append(argument)
    }
  }

  /// Adds one argument at the end.
  public mutating func append(_ argument: some RedisArgument) {
    argument.write(to: &bytes)
    ends.append(bytes.count)
  }

  /// Adds arguments at the end, in their order.
  public mutating func append(contentsOf arguments: some Sequence<some RedisArgument>) {
    for argument in arguments {
      append(argument)
    }
  }

  /// The name, as it was given.
  public var name: String { String(decoding: bytes[..<ends[0]], as: UTF8.self) }
}
