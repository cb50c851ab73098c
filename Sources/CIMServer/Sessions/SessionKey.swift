/// Whose connection: a device of a user has one.
struct SessionKey: Hashable, Sendable {
  let user: UInt64
  let device: String
}

/// Where in this process a session is.
struct SessionAddress: Hashable, Sendable {
  /// The index of its event loop's shard.
  let shard: Int
  /// Its number there, never given twice.
  let number: UInt64
}
