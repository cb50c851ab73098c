/// Whose tokens are taken.
public enum TokenSubject: Hashable, Sendable, CustomStringConvertible {
  /// What a user says, with all devices.
  case user(UserID)
  /// What a device says.
  case device(UserDevice)
  /// Logins from a network, named as its clients' address.
  case logins(String)
  /// Registrations from a network, named as its clients' address.
  case registrations(String)

  /// As quotas are named to callers: `user:7`, `device:7/phone`, `clientip:192.0.2.1`.
  public var description: String {
    switch self {
    case .user(let user): "user:\(user)"
    case .device(let device): "device:\(device.user)/\(device.device)"
    case .logins(let network), .registrations(let network): "clientip:\(network)"
    }
  }
}
