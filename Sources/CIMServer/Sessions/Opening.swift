/// What a route was asked for: to write a session.
struct Opening: Sendable, Hashable {
  /// The client's token.
  let token: String
  let device: String
  /// Not 0 states the session again that was written with this epoch.
  let epoch: UInt64
  /// The session's number in its shard.
  let session: UInt64

  /// By whom it is asked: the user's id stands before the token's dot, so that one user's sessions are opened by one route
  /// while links are steady.
  var key: Substring { token.prefix { $0 != "." } }
}
