/// What a channel is doing, put together from its resolver and its load balancer: gRPC's "Connectivity Semantics and
/// API". Pure: the channel carries it out.
struct ChannelState {
  private enum Phase {
    /// No connection is wanted, and the resolver does not run.
    case idle
    /// The resolver runs, and has not said anything of use yet.
    case resolving
    /// There are addresses.
    case balancing
    case shutdown
  }

  /// What becomes of a call that no connection takes at once.
  enum Admission {
    case wait
    case connectAndWait
    case fail(RPCError)
  }

  /// What the channel is to do.
  enum Action: Hashable {
    case balance(BalancerAction)
    case startResolving
    case stopResolving
  }

  private var phase = Phase.idle
  private var balancer: any LoadBalancer
  private var resolverFailure: RPCError?

  init(_ policy: LoadBalancingPolicy) {
    balancer =
      switch policy {
      case .pickFirst: PickFirst()
      case .roundRobin: RoundRobin()
      }
  }

  var connectivity: ConnectivityState {
    switch phase {
    case .idle: .idle
    case .resolving: resolverFailure == nil ? .connecting : .transientFailure
    case .balancing: balancer.connectivity
    case .shutdown: .shutdown
    }
  }

  /// Why nothing can be reached; nil when something may be.
  var failure: RPCError? {
    switch phase {
    case .idle: nil
    case .resolving: resolverFailure
    case .balancing: balancer.connectivity == .transientFailure ? balancer.failure : nil
    case .shutdown: Self.shutdownError
    }
  }

  /// Where calls may go.
  var readyAddresses: [ServerAddress] { if case .balancing = phase { balancer.readyAddresses } else { [] } }

  func admit(waitForReady: Bool) -> Admission {
    switch connectivity {
    case .idle: .connectAndWait
    case .connecting, .ready: .wait
    case .transientFailure where waitForReady: .wait
    case .transientFailure, .shutdown: .fail(failure ?? Self.shutdownError)
    }
  }

  /// A call wants a connection.
  mutating func connect() -> [Action] {
    switch phase {
    case .idle:
      phase = .resolving
      return [.startResolving]
    case .balancing: return balancer.connect().map(Action.balance)
    case .resolving, .shutdown: return []
    }
  }

  /// The resolver has found addresses; an empty list says that there are no servers.
  mutating func resolved(_ addresses: [ServerAddress]) -> [Action] {
    switch phase {
    case .idle, .shutdown: return []
    case .balancing: return balancer.update(addresses).map(Action.balance)
    case .resolving:
      guard !addresses.isEmpty else {
        resolverFailure = RPCError(code: .unavailable, message: "The name resolver found no addresses.")
        return []
      }
      phase = .balancing
      resolverFailure = nil
      return (balancer.update(addresses) + balancer.connect()).map(Action.balance)
    }
  }

  /// The resolver has failed. What it found before stands.
  mutating func resolverFailed(_ error: RPCError) {
    if case .resolving = phase { resolverFailure = error }
  }

  mutating func subchannel(_ address: ServerAddress, became event: SubchannelEvent, isInUse: Bool) -> [Action]
  {
    guard case .balancing = phase else { return [] }
    return balancer.subchannel(address, became: event, isInUse: isInUse).map(Action.balance)
  }

  mutating func attemptDelayElapsed() -> [Action] {
    guard case .balancing = phase else { return [] }
    return balancer.attemptDelayElapsed().map(Action.balance)
  }

  /// There were no calls for long.
  mutating func enterIdle() -> [Action] {
    switch phase {
    case .idle, .shutdown: return []
    case .resolving, .balancing:
      phase = .idle
      resolverFailure = nil
      return [.stopResolving] + balancer.reset().map(Action.balance)
    }
  }

  mutating func shutdown() -> [Action] {
    defer { phase = .shutdown }
    return enterIdle()
  }

  static let shutdownError = RPCError(code: .unavailable, message: "The channel was shut down.")
}
