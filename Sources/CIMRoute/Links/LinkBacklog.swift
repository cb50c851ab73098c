import NIOCore

/// What waits on a link.
struct LinkBacklog: Hashable, Sendable {
  /// Deliveries that were sent and not acknowledged.
  var unacknowledged = 0
  /// How large these are.
  var unacknowledgedBytes = 0
  /// For how long the oldest of these has been on its way.
  var oldestAge = TimeAmount.zero
  /// Conversations and sessions of which something could not be sent.
  var pendingTails = 0
}
