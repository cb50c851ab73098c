/// Which devices of one user may be online at the same time.
///
/// It is about *other* devices: a device that connects again takes its own place under every policy. What decides is the
/// policy of the route that opens a session, in the same step of the store that writes it.
public enum LoginPolicy: String, CaseIterable, Sendable {
  /// One device: while it is online, others are refused.
  case reject
  /// One device: another that logs in later takes its place.
  case replace
  /// One device of each kind: another of the same kind that logs in later takes its place.
  case onePerKind = "one-per-kind"
  /// Any number of devices.
  case all
}

/// By what it is decided whether a session is let in beside those of the user's other devices.
public struct Admission: Hashable, Sendable {
  /// Who may be online at the same time.
  public var policy: LoginPolicy

  /// Servers that are known to be dead: sessions on them stand in nobody's way.
  public var dead: Set<ServerInstance>

  /// Describes a decision.
  public init(_ policy: LoginPolicy, dead: Set<ServerInstance> = []) {
    self.policy = policy
    self.dead = dead
  }

  /// What a new session means for those of the user's other devices.
  enum Decision: Equatable {
    /// It is let in, and these end.
    case displaces([Session])
    /// It is not let in, because of these.
    case barred(by: [Session])
  }

  /// Whether a session is let in that has not been opened yet.
  ///
  /// Who logged in later has the place, not who connects later: otherwise two devices that both connect again by themselves
  /// would replace each other for ever.
  func decide(
    device: DeviceID, kind: DeviceKind, loginGeneration: UInt64, beside sessions: some Collection<Session>
  ) -> Decision {
    let rivals = rivals(of: device, kind, among: sessions)
    let barring = policy == .reject ? rivals : rivals.filter { $0.loginGeneration > loginGeneration }
    return barring.isEmpty ? .displaces(rivals) : .barred(by: barring)
  }

  /// Those that bar a session from being stated again: another device was let in while it seemed to be gone.
  func barring(_ session: Session, among sessions: some Collection<Session>) -> [Session] {
    rivals(of: session.device, session.kind, among: sessions).filter { $0.epoch > session.epoch }
  }

  /// The sessions beside which a device's session can't stand.
  private func rivals(
    of device: DeviceID, _ kind: DeviceKind, among sessions: some Collection<Session>
  ) -> [Session] {
    guard policy != .all else { return [] }
    return sessions.filter { other in
      other.device != device && !dead.contains(other.instance)
        && (policy != .onePerKind || other.kind == kind)
    }
  }
}
