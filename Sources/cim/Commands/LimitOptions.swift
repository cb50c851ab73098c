import ArgumentParser

/// The flags of a route's limits of rates.
struct LimitOptions: ParsableArguments {
  @Option(Settings.userLimit.rate) var limitsUserRate: String?
  @Option(Settings.userLimit.burst) var limitsUserBurst: String?
  @Option(Settings.deviceLimit.rate) var limitsDeviceRate: String?
  @Option(Settings.deviceLimit.burst) var limitsDeviceBurst: String?
  @Option(Settings.loginLimit.rate) var limitsLoginRate: String?
  @Option(Settings.loginLimit.burst) var limitsLoginBurst: String?
  @Option(Settings.registrationLimit.rate) var limitsRegisterRate: String?
  @Option(Settings.registrationLimit.burst) var limitsRegisterBurst: String?

  /// The flags that were given.
  var flags: FlagValues {
    var flags = FlagValues()
    flags.set(Settings.userLimit.rate, self.limitsUserRate)
    flags.set(Settings.userLimit.burst, self.limitsUserBurst)
    flags.set(Settings.deviceLimit.rate, self.limitsDeviceRate)
    flags.set(Settings.deviceLimit.burst, self.limitsDeviceBurst)
    flags.set(Settings.loginLimit.rate, self.limitsLoginRate)
    flags.set(Settings.loginLimit.burst, self.limitsLoginBurst)
    flags.set(Settings.registrationLimit.rate, self.limitsRegisterRate)
    flags.set(Settings.registrationLimit.burst, self.limitsRegisterBurst)
    return flags
  }
}
