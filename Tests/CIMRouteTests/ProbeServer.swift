import CIMCore
import CIMProtos
import CIMTestSupport
import Logging
import NIOCore
import NgRPC
import Synchronization
import TestSupport

/// A server made of frames: it says to routes what a test has it say, and shows what they answer.
final class ProbeServer: Sendable {
  private struct State {
    var link: ServerStream<CimV1.LinkResponse>?
    var pages: ServerStream<CimV1.PagesResponse>?
    var links = 0
    var frames: [CimV1.LinkRequest.Frame] = []
    var answers: [CimV1.Page] = []
    var linkEnds = 0
    var interest: [String] = []
    var lastRequest: UInt64 = 0
    var silentAboutHello = false
  }

  let instance: ServerInstance
  private let state = Mutex(State())
  private let server: RPCServer
  private let registration: any Registration

  /// Starts a server and enters it in a registry; returns when a route's link to it is up.
  ///
  /// - Parameter interest: the conversations of which it has members.
  init(
    _ id: String = "probe", interest: [String] = [], registry: any ServerRegistry, isLinked: Bool = true
  ) async throws {
    let logger = Logger(label: "probe", factory: { _ in SilentLog() })
    let service = Probing()
    server = RPCServer(services: [service], logger: logger)
    let address = try await server.start(on: .hostAndPort("127.0.0.1", 0))
    let endpoint = Endpoint(host: "127.0.0.1", port: address.port ?? 0)
    instance = ServerInstance(id: try ServerID(id), incarnation: .random())
    state.withLock { $0.interest = interest }
    registration = try await registry.register(
      ServerRecord(instance: instance, clientEndpoint: endpoint, pushEndpoint: endpoint, version: "probe"))
    service.probe.withLock { $0 = self }
    if isLinked { try await waitForLink() }
  }

  /// Waits until a route has said that its link is in use, so many times.
  func waitForLink(_ count: Int = 1) async throws {
    try await eventually("link \(count) is up") {
      self.count { if case .interestAck = $0 { true } else { false } } >= count
    }
  }

  /// Leaves the registry.
  func leaveRegistry() async { await registration.withdraw() }

  /// Ends its links and its port.
  func stop() async {
    state.withLock { $0.silentAboutHello = true }
    cut()
    await server.shutdown(within: .zero)
  }

  /// Ends the link; the route makes it again.
  func cut() {
    let link = state.withLock { state in
      defer { state.link = nil }
      return state.link
    }
    link?.close(RPCError(code: .unavailable, message: "cut"))
  }

  // MARK: To the route

  func send(_ frame: CimV1.LinkResponse.Frame) {
    state.withLock { $0.link }?.send(CimV1.LinkResponse(frame: frame))
  }

  /// Has a session written, or stated again.
  func open(_ token: String, device: String, epoch: UInt64 = 0) async throws
    -> CimV1.SessionResult.Outcome?
  {
    let id = nextRequest()
    send(
      .sessionOpened(
        CimV1.SessionOpened(requestID: id, token: token, deviceID: device, sessionEpoch: epoch)))
    return try await next("the session's result") { frame in
      if case .sessionResult(let result) = frame, result.requestID == id { result.outcome } else { nil }
    }
  }

  /// Asks what sessions may have missed.
  func sync(_ sessions: CimV1.SyncSession...) async throws -> CimV1.SyncResult {
    let id = nextRequest()
    send(.sync(CimV1.Sync(requestID: id, sessions: sessions)))
    return try await next("the sync's result") { frame in
      if case .syncResult(let result) = frame, result.requestID == id { result } else { nil }
    }
  }

  /// Asks for a part of a log.
  func fetch(
    _ conversation: String, after: CimV1.LogPosition? = nil, limit: UInt32 = 256, isLate: Bool = false
  )
    async throws -> CimV1.Page
  {
    let id = nextRequest()
    let fetch = CimV1.Fetch(
      requestID: id, conversation: conversation, after: after, limit: limit, isLate: isLate)
    try await eventually("the stream of pages") { self.state.withLock { $0.pages } != nil }
    state.withLock { $0.pages }?.send(CimV1.PagesResponse(frame: .fetch(fetch)))
    var page: CimV1.Page?
    try await eventually("the page") {
      page = self.state.withLock { $0.answers.first { $0.requestID == id } }
      return page != nil
    }
    guard let page else { throw DeadlineExceeded("no page") }
    return page
  }

  private func nextRequest() -> UInt64 {
    state.withLock { state in
      state.lastRequest += 1
      return state.lastRequest
    }
  }

  // MARK: From the route

  /// How many frames have come that `pick` takes.
  func count(_ pick: (CimV1.LinkRequest.Frame) -> Bool) -> Int {
    state.withLock { $0.frames.count(where: pick) }
  }

  /// The first frame that `pick` takes, now or later; it is taken out.
  func next<Value: Sendable>(
    _ what: String, _ pick: (CimV1.LinkRequest.Frame) -> Value?
  ) async throws -> Value {
    var found: Value?
    try await eventually(what) {
      found = self.state.withLock { state in
        guard let index = state.frames.firstIndex(where: { pick($0) != nil }) else { return nil }
        return pick(state.frames.remove(at: index))
      }
      return found != nil
    }
    guard let found else { throw DeadlineExceeded(what) }
    return found
  }

  /// The next message that is delivered.
  func nextDelivery() async throws -> CimV1.Deliver {
    try await next("a delivery") { if case .deliver(let deliver) = $0 { deliver } else { nil } }
  }

  /// The next tails.
  func nextTails() async throws -> CimV1.Tails {
    try await next("tails") { if case .tails(let tails) = $0 { tails } else { nil } }
  }

  /// Waits until the route has ended its side of a link.
  func waitForEnd(_ count: Int = 1) async throws {
    try await eventually("the link's end") { self.state.withLock { $0.linkEnds } >= count }
  }

  // MARK: Streams

  fileprivate func linked(_ stream: ServerStream<CimV1.LinkResponse>) { state.withLock { $0.link = stream } }

  fileprivate func received(_ frame: CimV1.LinkRequest.Frame) {
    state.withLock { $0.frames.append(frame) }
    guard case .hello = frame, !state.withLock({ $0.silentAboutHello }) else { return }
    send(
      .hello(
        CimV1.ServerHello(
          serverID: instance.id.rawValue, incarnation: instance.incarnation.rawValue, protocolVersion: 1)))
    send(.interest(CimV1.Interest(version: 1, added: state.withLock { $0.interest })))
  }

  fileprivate func linkEnded() {
    state.withLock { $0.linkEnds += 1 }
    state.withLock { $0.link }?.close(nil)
  }

  fileprivate func paged(_ stream: ServerStream<CimV1.PagesResponse>) { state.withLock { $0.pages = stream } }

  fileprivate func received(_ page: CimV1.Page) { state.withLock { $0.answers.append(page) } }
}

/// `cim.v1.Push` as the probe serves it.
private final class Probing: RPCService {
  let probe = Mutex<ProbeServer?>(nil)

  func register(with router: inout RPCRouter) {
    router.stream(CimV1.Push.Methods.link) { stream, _ -> LinkProbe in
      try LinkProbe(self.current(), stream)
    }
    router.stream(CimV1.Push.Methods.pages) { stream, _ -> PagesProbe in
      try PagesProbe(self.current(), stream)
    }
  }

  private func current() throws -> ProbeServer {
    guard let probe = probe.withLock({ $0 }) else {
      throw RPCError(code: .unavailable, message: "not ready")
    }
    return probe
  }
}

private final class LinkProbe: StreamHandler {
  typealias Inbound = CimV1.LinkRequest
  typealias Outbound = CimV1.LinkResponse

  private let probe: ProbeServer

  init(_ probe: ProbeServer, _ stream: ServerStream<CimV1.LinkResponse>) {
    self.probe = probe
    probe.linked(stream)
  }

  func received(_ message: CimV1.LinkRequest) { if let frame = message.frame { probe.received(frame) } }
  func inboundEnded() { probe.linkEnded() }
  func writable() {}
  func closed(_ status: RPCError) {}
}

private final class PagesProbe: StreamHandler {
  typealias Inbound = CimV1.PagesRequest
  typealias Outbound = CimV1.PagesResponse

  private let probe: ProbeServer

  init(_ probe: ProbeServer, _ stream: ServerStream<CimV1.PagesResponse>) {
    self.probe = probe
    probe.paged(stream)
  }

  func received(_ message: CimV1.PagesRequest) {
    if case .page(let page) = message.frame { probe.received(page) }
  }
  func inboundEnded() {}
  func writable() {}
  func closed(_ status: RPCError) {}
}
