/// A command with its arguments, such as `SET key value`. Arguments are bytes, NUL and line ends included.
///
///     let command = RedisCommand("SET", "greeting", [0x68, 0x69] as [UInt8], "PX", 5_000)
public struct RedisCommand: Sendable, Hashable {
  /// Arguments one after the other: two allocations, whatever their number.
  struct Arguments: Sendable, Hashable {
    private(set) var bytes: [UInt8] = []
    /// Where each argument ends in `bytes`.
    private(set) var ends: [Int] = []

    mutating func append(_ argument: some RedisArgument) {
      argument.write(to: &bytes)
      ends.append(bytes.count)
    }

    mutating func append(contentsOf other: Arguments) {
      let start = bytes.count
      bytes += other.bytes
      ends += other.ends.map { start + $0 }
    }
  }

  /// The name and the arguments.
  var words = Arguments()

  /// Makes a command from its name and arguments.
  public init<each Argument: RedisArgument>(_ name: String, _ arguments: repeat each Argument) {
    precondition(!name.isEmpty, "a Redis command needs a name")
    words.append(name)
    for argument in repeat each arguments {
      words.append(argument)
    }
  }

  /// Adds one argument at the end.
  public mutating func append(_ argument: some RedisArgument) {
    words.append(argument)
  }

  /// Adds arguments at the end, in their order.
  public mutating func append(contentsOf arguments: some Sequence<some RedisArgument>) {
    for argument in arguments {
      words.append(argument)
    }
  }

  /// The name, as it was given.
  public var name: String { String(decoding: words.bytes[..<words.ends[0]], as: UTF8.self) }
}
