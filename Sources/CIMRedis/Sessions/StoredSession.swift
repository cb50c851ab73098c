import CIMCore
import Redis

extension RedisValue {
  /// Reads `<epoch> <login generation> <server instance>[ <kind>]`.
  func asSession(user: UserID, device: DeviceID) throws(RedisError) -> Session {
    try parsed("a session") { text in
      let parts = text.split(separator: " ")
      guard (3...4).contains(parts.count), let epoch = UInt64(parts[0]), let generation = UInt64(parts[1]),
        let instance = ServerInstance(String(parts[2])),
        let kind = try? DeviceKind(parts.count == 4 ? String(parts[3]) : "")
      else { return nil }
      return Session(
        user: user, device: device, kind: kind, epoch: SessionEpoch(epoch), instance: instance,
        loginGeneration: generation)
    }
  }
}

extension Array<RedisValue> {
  /// Reads devices and their sessions, one after the other.
  func asSessions(of user: UserID) throws(RedisError) -> [Session] {
    var sessions: [Session] = []
    for index in stride(from: 0, to: count - 1, by: 2) {
      sessions.append(try self[index + 1].asSession(user: user, device: self[index].asDeviceID()))
    }
    return sessions
  }
}

/// A session as a server's online index lists it: `<user>/<device>/<epoch>`.
///
/// The epoch is in it so that the removal of an old session never removes a newer one of the same device.
struct OnlineMember: Hashable {
  let user: UserID
  let device: DeviceID
  let epoch: SessionEpoch

  init(_ session: Session) {
    user = session.user
    device = session.device
    epoch = session.epoch
  }

  init?(_ text: String) {
    let parts = text.split(separator: "/")
    guard parts.count == 3, let user = UserID(String(parts[0])),
      let device = try? DeviceID(String(parts[1])), let epoch = UInt64(parts[2])
    else { return nil }
    self.user = user
    self.device = device
    self.epoch = SessionEpoch(epoch)
  }

  var text: String { "\(user)/\(device)/\(epoch)" }
}
