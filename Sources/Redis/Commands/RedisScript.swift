import Synchronization

/// A Lua script that runs on the server, in one step that nothing else interleaves with.
///
/// Make one object per script and keep it: it remembers the script's name on servers (the SHA1 of its source), which the
/// first server that loads it computes.
public final class RedisScript: Sendable {
  /// One run of a script, to be handed to a client.
  public struct Call: Sendable {
    let script: RedisScript
    /// How many keys there are, the keys, and the arguments.
    let tail: RedisCommand.Arguments
  }

  /// The Lua source.
  public let source: String
  private let digest = Mutex<String?>(nil)

  /// Makes a script from its Lua source. Keys are to be read from `KEYS`, everything else from `ARGV`.
  public init(_ source: String) {
    self.source = source
  }

  /// Describes one run.
  ///
  /// - Parameters:
  ///   - keys: All keys that the script touches. In a cluster they must share one slot.
  ///   - arguments: Everything else, as `ARGV`.
  public func call<each Argument: RedisArgument>(
    keys: [String], _ arguments: repeat each Argument
  ) -> Call {
    var tail = RedisCommand.Arguments()
    tail.append(keys.count)
    for key in keys { tail.append(key) }
    for argument in repeat each arguments { tail.append(argument) }
    return Call(script: self, tail: tail)
  }

  /// Describes one run with as many arguments as there are in a list.
  ///
  /// - Parameters:
  ///   - keys: All keys that the script touches. In a cluster they must share one slot.
  ///   - arguments: Everything else, as `ARGV`.
  public func call(keys: [String], listing arguments: some Sequence<some RedisArgument>) -> Call {
    var tail = RedisCommand.Arguments()
    tail.append(keys.count)
    for key in keys { tail.append(key) }
    for argument in arguments { tail.append(argument) }
    return Call(script: self, tail: tail)
  }

  /// The SHA1 of the source in hexadecimal; nil until a server has said it.
  var sha1: String? {
    get { digest.withLock { $0 } }
    set { digest.withLock { $0 = newValue } }
  }
}
