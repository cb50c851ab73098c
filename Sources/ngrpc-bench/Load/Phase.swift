/// A part of a load: read from one line of JSON.
struct Phase: Codable, Sendable {
  enum Kind: String, Codable {
    /// One unary call on each connection, which makes the connections.
    case connect
    /// Opens echo streams that stay open, and sends one message on each.
    case open
    /// Messages on the streams that are open.
    case echo
    /// Unary calls.
    case unary
    /// Messages that servers stream.
    case download
    /// Messages that clients stream.
    case upload
  }

  var kind: Kind
  /// How many streams on each connection are busy at a time, or are opened. An echo uses all that are open.
  var streams: Int?
  /// How many messages are under way on each stream of an echo; 1 by default.
  var window: Int?
  /// The payload of each message, in bytes. A message has up to 4 more, and gRPC's 5 in front.
  var bytes: Int?
  /// How many messages a download or an upload has; 1000 by default. Then the next begins.
  var batch: Int?
  /// How long new work begins. Without it, and without ``each``, every stream gets one unit of it.
  var seconds: Double?
  /// How many calls or messages on each stream.
  var each: Int?
}

/// What came of a phase: written as one line of JSON.
struct Outcome: Codable, Sendable {
  /// Calls of unary phases, else messages; an echo's two count as one.
  var units: Int
  /// From the first to the last.
  var seconds: Double
  /// Of a call or an echo, in microseconds; absent where nothing is answered one by one.
  var median: Double?
  /// The 99th percentile, likewise.
  var p99: Double?
  /// CPU time that this process has used, in seconds.
  var loadCPU: Double
}
