import NIOCore

/// Keeps one connection, to the first address that answers: gRPC's `pick_first`, as A61 and A62 have it.
///
/// The addresses are tried in order, the next one as soon as one has failed or has not answered within the Connection
/// Attempt Delay; the others go on meanwhile, and the first to answer is taken. When all have failed, the state is
/// TRANSIENT_FAILURE until one answers: each is tried again whenever its backoff is over.
struct PickFirst: LoadBalancer {
  private enum Phase {
    case idle
    case connecting
    case ready(ServerAddress)
    case transientFailure
  }

  private enum Attempt { case idle, connecting, failed }

  private var phase = Phase.idle
  private var addresses: [ServerAddress] = []
  /// Of the subchannels that there are.
  private var attempts: [ServerAddress: Attempt] = [:]
  /// The address that the pass through the list comes to next.
  private var next = 0
  private(set) var failure: RPCError?
  /// Since the addresses were last asked for.
  private var failures = 0

  var connectivity: ConnectivityState {
    switch phase {
    case .idle: .idle
    case .connecting: .connecting
    case .ready: .ready
    case .transientFailure: .transientFailure
    }
  }

  var readyAddresses: [ServerAddress] { if case .ready(let address) = phase { [address] } else { [] } }

  mutating func update(_ addresses: [ServerAddress]) -> [BalancerAction] {
    let known = Set(addresses)
    let actions = self.addresses.filter { attempts[$0] != nil && !known.contains($0) }
      .map(BalancerAction.remove)
    for action in actions { if case .remove(let address) = action { attempts[address] = nil } }
    self.addresses = addresses.interleavingFamilies()
    switch phase {
    case .idle: return actions
    case .ready(let selected):
      if known.contains(selected) { return actions }
      phase = .connecting
    case .connecting, .transientFailure: break
    }
    next = 0
    return actions + (addresses.isEmpty ? haveNone() : advance())
  }

  mutating func connect() -> [BalancerAction] {
    guard case .idle = phase else { return [] }
    guard !addresses.isEmpty else { return haveNone() }
    phase = .connecting
    next = 0
    return advance()
  }

  private mutating func haveNone() -> [BalancerAction] {
    failure = RPCError(code: .unavailable, message: "The name resolver found no addresses.")
    phase = .transientFailure
    return [.cancelAttemptDelay, .resolveAgain]
  }

  /// Comes to the next address that can be tried.
  private mutating func advance() -> [BalancerAction] {
    while next < addresses.count {
      let address = addresses[next]
      next += 1
      let delay = next < addresses.count ? BalancerAction.startAttemptDelay : .cancelAttemptDelay
      switch attempts[address] {
      case nil:
        attempts[address] = .connecting
        return [.create(address), delay]
      case .idle:
        attempts[address] = .connecting
        return [.connect(address), delay]
      case .connecting: return [delay]
      case .failed: continue
      }
    }
    guard !attempts.values.contains(.connecting) else { return [.cancelAttemptDelay] }
    return [.cancelAttemptDelay] + passEnded()
  }

  /// Every address has failed: from now on each is tried again by itself.
  private mutating func passEnded() -> [BalancerAction] {
    phase = .transientFailure
    failures = 0
    return [.resolveAgain] + addresses.filter { attempts[$0] == .idle }.map { again($0) }
  }

  private mutating func again(_ address: ServerAddress) -> BalancerAction {
    attempts[address] = .connecting
    return .connect(address)
  }

  mutating func attemptDelayElapsed() -> [BalancerAction] {
    switch phase {
    case .connecting, .transientFailure: next < addresses.count ? advance() : []
    case .idle, .ready: []
    }
  }

  mutating func subchannel(_ address: ServerAddress, became event: SubchannelEvent, isInUse: Bool)
    -> [BalancerAction]
  {
    guard attempts[address] != nil else { return [] }
    switch event {
    case .ready:
      phase = .ready(address)
      failure = nil
      let others = addresses.filter { $0 != address && attempts[$0] != nil }
      attempts = [address: .idle]
      return [.cancelAttemptDelay] + others.map(BalancerAction.remove)
    case .transientFailure(let error):
      attempts[address] = .failed
      failure = error
      if next < addresses.count { return advance() }
      switch phase {
      case .transientFailure:
        failures += 1
        guard failures >= addresses.count else { return [] }
        failures = 0
        return [.resolveAgain]
      case .connecting: return attempts.values.contains(.connecting) ? [] : passEnded()
      case .idle, .ready: return []
      }
    case .idle:
      attempts[address] = .idle
      switch phase {
      case .ready:
        // What was known of the addresses is older than the connection.
        attempts = [:]
        phase = .idle
        return [.remove(address), .resolveAgain] + (isInUse ? connect() : [])
      case .transientFailure: return [again(address)]
      case .idle, .connecting: return []
      }
    }
  }

  mutating func reset() -> [BalancerAction] {
    defer { self = PickFirst() }
    return [.cancelAttemptDelay] + addresses.filter { attempts[$0] != nil }.map(BalancerAction.remove)
  }
}

extension [ServerAddress] {
  /// Addresses of different families take turns, beginning with the first one's: RFC 8305, section 4.
  func interleavingFamilies() -> [ServerAddress] {
    guard let first else { return [] }
    let preferred = filter { $0.socket.protocol == first.socket.protocol }
    let others = filter { $0.socket.protocol != first.socket.protocol }
    var result: [ServerAddress] = []
    for index in 0..<Swift.max(preferred.count, others.count) {
      if index < preferred.count { result.append(preferred[index]) }
      if index < others.count { result.append(others[index]) }
    }
    return result
  }
}
