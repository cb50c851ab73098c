import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// The life of one client's connection: what each frame, answer and deadline leads to.
struct SessionMachine: Sendable {
  /// How long a client may take.
  struct Timeouts: Sendable, Hashable {
    /// Until its hello.
    var hello: TimeAmount
    /// From its hello to the welcome: mostly the route's time.
    var opening: TimeAmount
    /// From one frame to the next.
    var idle: TimeAmount
  }

  /// Who is connected.
  struct Identity: Sendable, Hashable {
    var user: CimV1.User
    var device: String
    var epoch: UInt64

    var key: SessionKey { SessionKey(user: user.id, device: device) }
    var reference: CimV1.SessionRef {
      CimV1.SessionRef(userID: user.id, deviceID: device, sessionEpoch: epoch)
    }
  }

  /// What is to be done.
  enum Action: Hashable {
    case nothing
    /// Have a route check the token and write the session.
    case open(device: String)
    /// Take the device's place, and wait until the routes know of this session's conversations: the lobby and these.
    case announce(groups: [String])
    /// Greet the client: from now on it gets messages.
    case welcome
    /// Have a route accept a message.
    case relay(CimV1.Send)
    /// The client has stored what it got.
    case acknowledge([CimV1.Cursor])
    /// The user has read up to places.
    case read([CimV1.Cursor])
    /// Answer a message that came too early.
    case refuse(CimV1.Send)
    case pong(nonce: UInt64)
    /// Count a frame that this version does not know, or that has no meaning here.
    case ignore
    /// The session was written again: ask what it has missed meanwhile.
    case restated
    /// State the session again later.
    case restateLater
    /// Say why, and end.
    case kick(CimV1.Kick)
    /// End with that status.
    case end(code: StatusCode, message: String)
  }

  private enum Phase { case awaitingHello, opening, announcing, open, ended }

  private let timeouts: Timeouts
  private var phase = Phase.awaitingHello
  private var isRestating = false
  /// When the time of the present phase began; while open, the last sign of life.
  private var since: NIODeadline
  private(set) var identity: Identity?
  private var device = ""
  /// How far the client said it has stored what it knows of; until a route was told.
  private(set) var cursors: [CimV1.Cursor] = []

  init(timeouts: Timeouts, now: NIODeadline) {
    self.timeouts = timeouts
    since = now
  }

  /// The device that said hello.
  var openingDevice: String? { device.isEmpty ? nil : device }

  /// Whether messages are for this client.
  var isOpen: Bool { phase == .open }

  /// Whether it is over.
  var hasEnded: Bool { phase == .ended }

  /// When `expire` has something to say, unless a frame comes before.
  var deadline: NIODeadline {
    switch phase {
    case .awaitingHello: since + timeouts.hello
    case .opening, .announcing: since + timeouts.opening
    case .open: since + timeouts.idle
    case .ended: .distantFuture
    }
  }

  /// A frame has come; nil is one that this version does not know.
  mutating func received(_ frame: CimV1.ConnectRequest.Frame?, at now: NIODeadline) -> Action {
    switch phase {
    case .awaitingHello:
      guard case .hello(let hello) = frame else {
        return end(.failedPrecondition, "The first frame must be hello; send it before anything else.")
      }
      return greeted(hello, at: now)
    case .ended: return .nothing
    case .opening, .announcing: break
    case .open: since = now
    }
    switch frame {
    case .send(let send): return phase == .open ? .relay(send) : .refuse(send)
    case .ping(let ping): return .pong(nonce: ping.nonce)
    // Before the welcome nothing was sent that could be acknowledged.
    case .ack(let ack): return phase == .open ? .acknowledge(ack.cursors) : .ignore
    case .read(let read): return phase == .open ? .read(read.cursors) : .ignore
    case .hello, nil: return .ignore
    }
  }

  private mutating func greeted(_ hello: CimV1.Hello, at now: NIODeadline) -> Action {
    guard hello.protocolVersion >= 1 else {
      return end(.failedPrecondition, "hello.protocol_version is 0; this server speaks 1.")
    }
    do {
      device = try DeviceID(hello.deviceID).rawValue
    } catch {
      return end(.invalidArgument, "hello.device_id is \(error).")
    }
    guard hello.cursors.count <= Self.maxCursors else {
      return end(
        .invalidArgument,
        "hello.cursors has \(hello.cursors.count) entries, more than \(Self.maxCursors); leave out the oldest."
      )
    }
    cursors = hello.cursors
    phase = .opening
    since = now
    return .open(device: device)
  }

  /// How many cursors a hello may have; session.proto states it.
  private static let maxCursors = 10_000

  /// A route has been told of the cursors.
  mutating func dropCursors() { cursors = [] }

  /// A route has written the session.
  mutating func granted(_ granted: CimV1.SessionGranted, at now: NIODeadline) -> Action {
    switch phase {
    case .opening:
      identity = Identity(user: granted.user ?? CimV1.User(), device: device, epoch: granted.sessionEpoch)
      phase = .announcing
      since = now
      return .announce(groups: granted.groups)
    case .open, .announcing:
      guard isRestating else { return .nothing }
      isRestating = false
      return .restated
    case .awaitingHello, .ended: return .nothing
    }
  }

  /// A route has refused the session.
  mutating func denied(_ denied: CimV1.SessionDenied) -> Action {
    let told = UInt8(exactly: denied.statusCode).map(StatusCode.init) ?? .unknown
    let code = told == .ok ? .unknown : told
    switch phase {
    case .opening: return end(code, denied.detail)
    case .open, .announcing:
      guard isRestating else { return .nothing }
      isRestating = false
      if code == .aborted {
        return kick(CimV1.Kick.replaced.reason, CimV1.Kick.replaced.detail)
      }
      if code == .alreadyExists { return kick(.replacedByDevice, denied.detail) }
      // Anything else may pass.
      guard [.unauthenticated, .permissionDenied].contains(code) else { return .restateLater }
      return kick(.loggedOut, denied.detail)
    case .awaitingHello, .ended: return .nothing
    }
  }

  /// No route can be asked to write the session.
  mutating func noRoute() -> Action {
    switch phase {
    case .opening:
      return end(.unavailable, "No route is linked to this server at the moment; log in again in a second.")
    case .open, .announcing:
      guard isRestating else { return .nothing }
      isRestating = false
      return .restateLater
    case .awaitingHello, .ended: return .nothing
    }
  }

  /// The session's record may be gone.
  ///
  /// - Returns: whether a route must be asked to write it again.
  mutating func restate() -> Bool {
    guard phase == .open || phase == .announcing, !isRestating else { return false }
    isRestating = true
    return true
  }

  /// Whether a route's answer to the opening of the session is awaited.
  var awaitsGrant: Bool { phase == .opening || isRestating && phase != .ended }

  /// Every linked route knows of the session's conversations.
  mutating func interestInForce(at now: NIODeadline) -> Action {
    guard phase == .announcing else { return .nothing }
    phase = .open
    since = now
    return .welcome
  }

  /// The time is `now`.
  mutating func expire(at now: NIODeadline) -> Action {
    guard now >= deadline else { return .nothing }
    switch phase {
    case .awaitingHello:
      return end(
        .failedPrecondition, "No hello came within \(timeouts.hello.seconds); send it as the first frame.")
    case .opening, .announcing:
      return end(.unavailable, "No route answered within \(timeouts.opening.seconds); log in again.")
    case .open:
      return kick(
        .idle, "Nothing was received for \(timeouts.idle.seconds); send a ping when there is nothing to say.")
    case .ended: return .nothing
    }
  }

  /// Ends the session for a reason that the client is told.
  mutating func kick(_ reason: CimV1.KickReason, _ detail: String) -> Action {
    guard phase != .ended else { return .nothing }
    phase = .ended
    return .kick(CimV1.Kick(reason: reason, detail: detail))
  }

  /// Ends the session with a status.
  mutating func end(_ code: StatusCode, _ message: String) -> Action {
    guard phase != .ended else { return .nothing }
    phase = .ended
    return .end(code: code, message: message)
  }

  /// The client's stream is gone.
  mutating func closed() { phase = .ended }
}

extension TimeAmount {
  /// Such as "30 s" or "0.25 s".
  fileprivate var seconds: String {
    nanoseconds % 1_000_000_000 == 0
      ? "\(nanoseconds / 1_000_000_000) s" : "\(Double(nanoseconds) / 1_000_000_000) s"
  }
}
