import CIMCore
import CIMRoute

/// How many of something in a time.
struct Rate: Hashable, Sendable {
  let count: Int
  let period: RateLimit.Period

  /// Parses a number from 1 to 1,000,000 with its period: `10/s`, `100/m`, `1000/h`.
  init?(text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let count = Int(parts[0]), (1...1_000_000).contains(count) else { return nil }
    switch parts[1] {
    case "s": self.period = .second
    case "m": self.period = .minute
    case "h": self.period = .hour
    default: return nil
    }
    self.count = count
  }
}

extension Settings {
  /// A rate and what may come at once.
  struct Limit: Sendable {
    let rate: Setting<Rate>
    let burst: Setting<Int>

    fileprivate init(_ name: String, _ what: String) {
      self.rate = Setting(
        "route.limits.\(name)-rate", of: "route", "rate", "How many \(what) are let through in the long run.",
        rule: "a number from 1 to 1000000 and its time, such as 10/s, 100/m or 1000/h",
        fallback: "any number",
        parse: { Rate(text: $0) })
      self.burst = .number(
        "route.limits.\(name)-burst", of: "route",
        "How many \(what) are let through at once, after a pause; of use with its rate.",
        in: 1...1_000_000, fallback: "what its rate lets through in 10 s, and at least 10")
    }
  }

  static let userLimit = Limit("user", "messages that a user sends, with all devices,")
  static let deviceLimit = Limit("device", "messages that a device sends")
  static let loginLimit = Limit("login", "logins from an IPv4 address or an IPv6 network of 64 bits")
  static let registrationLimit = Limit(
    "register", "registrations from an IPv4 address or an IPv6 network of 64 bits")

  /// The keys of all limits.
  static let limitKeys = [userLimit, deviceLimit, loginLimit, registrationLimit].flatMap {
    [$0.rate.key, $0.burst.key]
  }
}

extension SettingsReader {
  /// The limits of rates that were set.
  func rateLimits() throws(SettingError) -> RateLimits {
    var limits = RateLimits.none
    limits.user = try self.limit(Settings.userLimit)
    limits.device = try self.limit(Settings.deviceLimit)
    limits.logins = try self.limit(Settings.loginLimit)
    limits.registrations = try self.limit(Settings.registrationLimit)
    return limits
  }

  private func limit(_ setting: Settings.Limit) throws(SettingError) -> RateLimit? {
    guard let rate = try self.value(setting.rate) else { return nil }
    return RateLimit(rate.count, per: rate.period, burst: try self.value(setting.burst))
  }
}
