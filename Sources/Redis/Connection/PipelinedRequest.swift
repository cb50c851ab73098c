/// One or more commands that travel together, as the state machine sees them.
protocol PipelinedRequest {
  /// How many replies it gets, 1 or more.
  var replyCount: Int { get }
  /// Whether nobody waits for its replies any more: it need not be sent.
  var isAbandoned: Bool { get }
}
