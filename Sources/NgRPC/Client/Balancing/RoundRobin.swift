/// Keeps a connection to every address: gRPC's `round_robin`.
///
/// READY when any is, else CONNECTING when any has not failed since it was last ready, else TRANSIENT_FAILURE. A
/// connection that goes is made again at once, a failed one when its backoff is over.
struct RoundRobin: LoadBalancer {
  private enum Status {
    case connecting
    case ready
    /// Until it is ready, also while it is tried again.
    case failed
  }

  private var isActive = false
  private var addresses: [ServerAddress] = []
  private var statuses: [ServerAddress: Status] = [:]
  private(set) var failure: RPCError?

  var connectivity: ConnectivityState {
    guard isActive else { return .idle }
    if statuses.values.contains(.ready) { return .ready }
    return statuses.values.contains(.connecting) ? .connecting : .transientFailure
  }

  var readyAddresses: [ServerAddress] { addresses.filter { statuses[$0] == .ready } }

  mutating func update(_ addresses: [ServerAddress]) -> [BalancerAction] {
    let known = Set(addresses)
    let removed = self.addresses.filter { statuses[$0] != nil && !known.contains($0) }
    for address in removed { statuses[address] = nil }
    self.addresses = addresses
    if addresses.isEmpty {
      failure = RPCError(code: .unavailable, message: "The name resolver found no addresses.")
    }
    return removed.map(BalancerAction.remove) + (isActive ? createMissing() : [])
  }

  mutating func connect() -> [BalancerAction] {
    guard !isActive else { return [] }
    isActive = true
    return createMissing()
  }

  private mutating func createMissing() -> [BalancerAction] {
    let missing = addresses.filter { statuses[$0] == nil }
    for address in missing { statuses[address] = .connecting }
    return missing.map(BalancerAction.create)
  }

  mutating func subchannel(_ address: ServerAddress, became event: SubchannelEvent, isInUse: Bool)
    -> [BalancerAction]
  {
    guard let status = statuses[address] else { return [] }
    switch event {
    case .ready:
      statuses[address] = .ready
      return []
    case .transientFailure(let error):
      statuses[address] = .failed
      failure = error
      return [.resolveAgain]
    case .idle where status == .ready:
      statuses[address] = .connecting
      return [.resolveAgain, .connect(address)]
    case .idle: return [.connect(address)]
    }
  }

  mutating func attemptDelayElapsed() -> [BalancerAction] { [] }

  mutating func reset() -> [BalancerAction] {
    defer { self = RoundRobin() }
    return addresses.filter { statuses[$0] != nil }.map(BalancerAction.remove)
  }
}
