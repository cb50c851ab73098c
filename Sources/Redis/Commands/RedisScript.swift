import Synchronization

/// A Lua script that runs on the server, in one step that nothing else interleaves with.
///
/// Make one object per script and keep it: it remembers the script's name on servers (the SHA1 of its source), which the
/// first server that loads it computes.
public final class RedisScript: Sendable {
  /// The Lua source.
  public let source: String
  private let digest = Mutex<String?>(nil)

  /// Makes a script from its Lua source. Keys are to be read from `KEYS`, everything else from `ARGV`.
  public init(_ source: String) {
    self.source = source
  }

  /// The SHA1 of the source in hexadecimal; nil until a server has said it.
  var sha1: String? {
    get { digest.withLock { $0 } }
    set { digest.withLock { $0 = newValue } }
  }
}
