import NIOCore
import NIOPosix

/// Keeps a channel's addresses current: runs its resolver, and looks host names up off the event loop.
///
/// Belongs to its channel's event loop.
final class NameResolution {
  /// Where the endpoints come from.
  enum Source: Sendable {
    case endpoints([Endpoint])
    case resolver(any NameResolver)
  }

  typealias LookUp = @Sendable (_ host: String, _ port: Int) throws -> [SocketAddress]

  private let source: Source
  private let authority: String?
  private let lookUp: LookUp
  private let eventLoop: any EventLoop
  private var schedule: ResolutionSchedule
  /// Told the addresses, or why there are none; let go of in ``stop()``.
  private var deliver: ((Result<[ServerAddress], RPCError>) -> Void)?
  private var endpoints: [Endpoint] = []
  private var task: Task<Void, Never>?
  private var timer: Scheduled<Void>?
  /// Of the latest look-up: what an earlier one finds is too late.
  private var lookUpCount = 0
  /// Of the latest run of the resolver.
  private var runCount = 0

  init(
    _ source: Source, authority: String?, minInterval: TimeAmount, backoff: ConnectionBackoff,
    lookUp: @escaping LookUp, eventLoop: any EventLoop
  ) {
    self.source = source
    self.authority = authority
    self.lookUp = lookUp
    self.eventLoop = eventLoop
    schedule = ResolutionSchedule(minInterval: minInterval, backoff: backoff)
  }

  func start(_ deliver: @escaping (Result<[ServerAddress], RPCError>) -> Void) {
    self.deliver = deliver
    perform(schedule.start(at: .now()))
  }

  /// Connections fail: looks again, as soon as that is allowed.
  func refresh() { perform(schedule.request(at: .now())) }

  func stop() {
    schedule.stop()
    deliver = nil
    timer?.cancel()
    timer = nil
    task?.cancel()
    task = nil
    runCount += 1
    lookUpCount += 1
  }

  private func perform(_ action: ResolutionSchedule.Action) {
    switch action {
    case .nothing: break
    case .wait(let time):
      timer = eventLoop.assumeIsolated().scheduleTask(deadline: time) {
        self.perform(self.schedule.timeCame(at: .now()))
      }
    case .resolve:
      switch source {
      case .endpoints(let endpoints): find(endpoints)
      case .resolver(let resolver):
        // One that goes on tells by itself what changes; the names among its endpoints are looked up again.
        if task == nil { run(resolver) } else { find(endpoints) }
      }
    }
  }

  // MARK: The resolver

  private func run(_ resolver: any NameResolver) {
    runCount += 1
    let run = runCount
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let eventLoop = eventLoop
    task = Task {
      var result = Result<Void, any Error>.success(())
      do {
        for try await endpoints in resolver.endpoints() {
          eventLoop.execute { bound.value.received(endpoints, run) }
        }
      } catch {
        result = .failure(error)
      }
      eventLoop.execute { [result] in bound.value.ended(result, run) }
    }
  }

  private func received(_ endpoints: [Endpoint], _ run: Int) {
    guard run == runCount else { return }
    self.endpoints = endpoints
    find(endpoints)
  }

  private func ended(_ result: Result<Void, any Error>, _ run: Int) {
    guard run == runCount else { return }
    task = nil
    if case .failure(let error) = result {
      fail(RPCError(code: .unavailable, message: "The name resolver failed: \(error).", cause: error))
    } else {
      schedule.succeeded()
    }
  }

  private func fail(_ error: RPCError) {
    deliver?(.failure(error))
    perform(schedule.failed(at: .now(), random: .random(in: -1...1)))
  }

  // MARK: Host names

  private func find(_ endpoints: [Endpoint]) {
    lookUpCount += 1
    let number = lookUpCount
    let found = endpoints.map { endpoint -> EventLoopFuture<[SocketAddress]> in
      do {
        if let address = try endpoint.literalAddress() { return eventLoop.makeSucceededFuture([address]) }
      } catch {
        return eventLoop.makeFailedFuture(error)
      }
      let lookUp = lookUp
      return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
        try lookUp(endpoint.host, endpoint.port)
      }
    }
    EventLoopFuture.whenAllComplete(found, on: eventLoop).assumeIsolated().whenSuccess { results in
      guard number == self.lookUpCount else { return }
      self.found(Array(zip(endpoints, results)))
    }
  }

  /// Endpoints that can't be found are left out while there are others.
  private func found(_ results: [(Endpoint, Result<[SocketAddress], any Error>)]) {
    var seen: Set<ServerAddress> = []
    var addresses: [ServerAddress] = []
    var failure: RPCError?
    for (endpoint, result) in results {
      switch result {
      case .success(let sockets):
        for socket in sockets {
          let address = ServerAddress(
            socket: socket, host: endpoint.host, authority: authority ?? endpoint.authority)
          if seen.insert(address).inserted { addresses.append(address) }
        }
      case .failure(let error):
        failure = RPCError(
          code: .unavailable, message: "Can't find \(endpoint): \(plainReason(error)).", cause: error)
      }
    }
    if addresses.isEmpty, let failure { return fail(failure) }
    deliver?(.success(addresses))
    schedule.succeeded()
  }
}
