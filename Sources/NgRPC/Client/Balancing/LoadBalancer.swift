/// How a channel spreads its calls over the addresses it has.
public enum LoadBalancingPolicy: Sendable, Hashable {
  /// One connection, to the first address that answers: gRPC's `pick_first`, with the Happy Eyeballs of RFC 8305.
  case pickFirst
  /// A connection to every address, and calls to each in turn: gRPC's `round_robin`.
  case roundRobin
}

/// Decides which addresses have connections, and which of these take calls. Pure: the channel carries it out.
///
/// A subchannel is the connection, present or future, to one address.
protocol LoadBalancer {
  /// What the balancing gives the channel's state.
  var connectivity: ConnectivityState { get }
  /// Why nothing can be reached, in TRANSIENT_FAILURE.
  var failure: RPCError? { get }
  /// Where calls may go now.
  var readyAddresses: [ServerAddress] { get }

  /// The servers' addresses, without duplicates, as they are from now on.
  mutating func update(_ addresses: [ServerAddress]) -> [BalancerAction]
  /// A call wants a connection: leaves IDLE.
  mutating func connect() -> [BalancerAction]
  /// A subchannel's state has changed.
  ///
  /// - Parameter isInUse: whether calls are open, so that a connection that goes is replaced at once.
  mutating func subchannel(_ address: ServerAddress, became state: SubchannelEvent, isInUse: Bool)
    -> [BalancerAction]
  /// The time that ``BalancerAction/startAttemptDelay`` asked for is over.
  mutating func attemptDelayElapsed() -> [BalancerAction]
  /// Lets go of everything: the channel is idle.
  mutating func reset() -> [BalancerAction]
}

/// What becomes of a subchannel.
enum SubchannelEvent {
  /// It takes calls.
  case ready
  /// An attempt failed; it is IDLE again when its backoff is over.
  case transientFailure(RPCError)
  /// Its connection takes no more calls, or its backoff is over.
  case idle
}

/// What a balancer wants done.
enum BalancerAction: Hashable {
  /// Make a subchannel, and connect it.
  case create(ServerAddress)
  /// Connect an idle subchannel.
  case connect(ServerAddress)
  /// Let go of a subchannel; calls on its connection go on.
  case remove(ServerAddress)
  /// Call `attemptDelayElapsed` after the Connection Attempt Delay of RFC 8305.
  case startAttemptDelay
  case cancelAttemptDelay
  /// The addresses may be stale.
  case resolveAgain
}
