/// What waits on a link.
struct LinkBacklog: Hashable, Sendable {
  /// Deliveries that were sent and not acknowledged.
  var unacknowledged = 0
  /// How large these are.
  var unacknowledgedBytes = 0
  /// Conversations and sessions of which something could not be sent.
  var pendingTails = 0
}
