import CIMCore
import CIMRoute
import Configuration
import Logging
import TestSupport
import Testing

@testable import cim
import NgRPC

@Suite struct SettingsReaderTests {
  private let folder: TemporaryDirectory

  init() throws {
    self.folder = try TemporaryDirectory()
  }

  private func reader(
    flags: (inout FlagValues) -> Void = { _ in }, environment: [String: String] = [:], file: String? = nil
  ) async throws -> SettingsReader {
    var values = FlagValues()
    flags(&values)
    let path = try file.map { try self.folder.write($0, to: "cim.json") }
    return try await SettingsReader(
      flags: values, environment: EnvironmentVariablesProvider(environmentVariables: environment), file: path)
  }

  private func error(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test("A flag goes before the environment, and that before the file; else there is the default")
  func precedence() async throws {
    let file = #"{"server": {"push-listen": "c:3"}}"#
    let environment = ["CIM_SERVER_PUSH_LISTEN": "b:2"]
    let flagged = try await self.reader(
      flags: { $0.set(Settings.serverPushListen, "a:1") }, environment: environment, file: file)
    #expect(try flagged.required(Settings.serverPushListen) == Endpoint(host: "a", port: 1))
    let set = try await self.reader(environment: environment, file: file)
    #expect(try set.required(Settings.serverPushListen) == Endpoint(host: "b", port: 2))
    let filed = try await self.reader(file: file)
    #expect(try filed.required(Settings.serverPushListen) == Endpoint(host: "c", port: 3))
    let bare = try await self.reader()
    #expect(try bare.required(Settings.serverPushListen) == Endpoint(host: "0.0.0.0", port: 7600))
    #expect(try bare.value(Settings.serverPushListen) == nil)
  }

  @Test("A limit is a rate and a burst, which has a default; without a rate there is none")
  func limits() async throws {
    #expect(try await self.reader().rateLimits() == .none)
    let limits = try await self.reader(
      flags: { $0.set(Settings.userLimit.rate, "20/s") },
      environment: [
        "CIM_ROUTE_LIMITS_DEVICE_RATE": "100/m", "CIM_ROUTE_LIMITS_DEVICE_BURST": "30",
        "CIM_ROUTE_LIMITS_REGISTER_BURST": "7",
      ],
      file: #"{"route": {"limits": {"login-rate": "5/h"}}}"#
    ).rateLimits()
    #expect(limits.user == RateLimit(20, per: .second, burst: 200))
    #expect(limits.device == RateLimit(100, per: .minute, burst: 30))
    #expect(limits.logins == RateLimit(5, per: .hour, burst: 10) && limits.registrations == nil)
    for wrong in ["20", "0/s", "1000001/s", "5/d", "/s", "5/s/s", "-1/s"] {
      let reader = try await self.reader(flags: { $0.set(Settings.loginLimit.rate, wrong) })
      #expect(await self.error { _ = try reader.rateLimits() }.contains("10/s, 100/m or 1000/h"), "\(wrong)")
    }
  }

  @Test("A name that is none of a setting's names is refused with all of them")
  func names() async throws {
    let chosen = try await self.reader(environment: ["CIM_ROUTE_BALANCING": "least-connections"])
    #expect(try chosen.required(Settings.routeBalancing) == .leastConnections)
    #expect(try await self.reader().required(Settings.routeBalancing) == .roundRobin)
    #expect(try await self.reader().required(Settings.routeLoginPolicy) == .reject)
    let policy = try await self.reader(flags: { $0.set(Settings.routeLoginPolicy, "one-per-kind") })
    #expect(try policy.required(Settings.routeLoginPolicy) == .onePerKind)
    let message = await self.error {
      _ = try await self.reader(flags: { $0.set(Settings.routeBalancing, "fair") })
        .required(Settings.routeBalancing)
    }
    #expect(message.contains(#"route.balancing: "fair""#), "\(message)")
    #expect(message.contains("one of round-robin, random, consistent-hash, least-connections"), "\(message)")
  }

  @Test("A file may hold numbers, and lists")
  func fileValues() async throws {
    let reader = try await self.reader(
      file: #"{"limits": {"text-bytes": 100}, "chat": {"route": ["a:1", "b:2"]}, "log.level": "DEBUG"}"#)
    #expect(try reader.required(Settings.textBytes) == 100)
    #expect(
      try reader.required(Settings.chatRoutes) == [
        Endpoint(host: "a", port: 1), Endpoint(host: "b", port: 2),
      ])
    #expect(try reader.required(Settings.logLevel) == .debug)
  }

  @Test("An empty environment variable is not set")
  func emptyVariable() async throws {
    let reader = try await self.reader(environment: ["CIM_LOG_LEVEL": ""])
    #expect(try reader.value(Settings.logLevel) == nil)
  }

  @Test("A bad value is an error that names the value, where it stands, the rule, and all three names")
  func badValue() async throws {
    let reader = try await self.reader(environment: ["CIM_SESSION_IDLE_TIMEOUT": "soon"])
    let error = await self.error { _ = try reader.required(Settings.idleTimeout) }
    #expect(
      error == """
        session.idle-timeout: "soon", which CIM_SESSION_IDLE_TIMEOUT in the environment says is not valid: \
        it takes a time such as 500ms, 30s or 2m.
        Set it with --session-idle-timeout, CIM_SESSION_IDLE_TIMEOUT in the environment, or \
        "session.idle-timeout" in the file of --config.
        """)
  }

  @Test("What may be a password is not repeated")
  func secret() async throws {
    let reader = try await self.reader(environment: ["CIM_REDIS_URL": "reddis://:sesame@host"])
    let error = await self.error { _ = try reader.required(Settings.redisURL) }
    #expect(error.contains("CIM_REDIS_URL") && !error.contains("sesame"))
  }

  @Test("A setting that must be set is missed by all its names")
  func missing() async throws {
    let reader = try await self.reader()
    let error = await self.error { _ = try reader.required(Settings.chatName) }
    #expect(error.contains("--name, CIM_CHAT_NAME in the environment, or \"chat.name\" in the file"))
  }

  @Test("An unknown key of the file is an error, with the key that was meant")
  func unknownKey() async throws {
    let error = await self.error { _ = try await self.reader(file: #"{"server": {"push-lissen": "a:1"}}"#) }
    #expect(error.contains(#"no setting "server.push-lissen". Did you mean "server.push-listen"?"#))
    let strange = await self.error { _ = try await self.reader(file: #"{"frobnicate": true}"#) }
    #expect(strange.contains("The settings are: "))
  }

  @Test(
    "A file that is no JSON object, or is not there, is named", arguments: ["{", "[1]", #"{"chat": [[1]]}"#])
  func badFile(content: String) async throws {
    let error = await self.error { _ = try await self.reader(file: content) }
    #expect(error.contains("cim.json"))
    let absent = await self.error { _ = try await SettingsReader(flags: FlagValues(), file: "/nowhere.json") }
    #expect(absent.contains("/nowhere.json"))
  }

  @Test("Every default is a valid value, unless it is a description")
  func defaults() throws {
    #expect(Settings.textBytes.fallback.flatMap(Settings.textBytes.parse) == 65536)
    #expect(Settings.idleTimeout.fallback.flatMap(Settings.idleTimeout.parse) == .seconds(30))
    #expect(Settings.grace.fallback.flatMap(Settings.grace.parse) == .seconds(10))
    #expect(Settings.redisURL.fallback.flatMap(Settings.redisURL.parse) != nil)
    #expect(Settings.zooKeeperConnect.fallback.flatMap(Settings.zooKeeperConnect.parse) != nil)
    #expect(Settings.routeListen.fallback.flatMap(Settings.routeListen.parse) != nil)
  }

  @Test(
    "Times take a unit",
    arguments: [("500ms", Duration.milliseconds(500)), ("2m", .seconds(120)), ("1h", .seconds(3600))])
  func durations(text: String, duration: Duration) {
    #expect(Duration(text: text) == duration)
  }

  @Test(
    "What is no time is none", arguments: ["", "5", "s", "-1s", "0s", "1.5s", "1d", "99999999999999999999s"])
  func noDurations(text: String) {
    #expect(Duration(text: text) == nil)
  }
}
