import ArgumentParser
import CIMProtos
import Foundation
import Logging
import NgRPC

/// What every command for operators takes.
struct AdminOptions: ParsableArguments {
  @Option(Settings.adminRoute) var route: String?
  @Option(Settings.adminToken) var adminToken: String?

  @Flag(help: "Print JSON, for scripts. Times are in milliseconds since 1970.")
  var json = false

  @OptionGroup var common: CommonOptions

  /// The flags that were given.
  var flags: FlagValues {
    var flags = self.common.flags
    flags.set(Settings.adminRoute, self.route)
    flags.set(Settings.adminToken, self.adminToken)
    return flags
  }
}

/// A command that makes one call to a route's port for operators, and prints the answer.
protocol AdminSubcommand: SettingsCommand {
  var options: AdminOptions { get }

  /// Makes the call.
  func report(_ admin: CimV1.Admin.Client, _ options: CallOptions) async throws -> Report
}

extension AdminSubcommand {
  var common: CommonOptions { self.options.common }
  var flags: FlagValues { self.options.flags }

  func run() async throws {
    let settings = try await self.settings()
    let route = try settings.required(Settings.adminRoute)
    let token = try settings.value(Settings.adminToken)
    var logger = Logger(label: "cim.admin") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = try settings.value(Settings.logLevel) ?? .error
    let channel = RPCChannel(to: [route], logger: logger)
    var options = CallOptions(timeout: .seconds(30))
    if let token { options.metadata.add("Bearer \(token.text)", for: "authorization") }
    let report: Report
    do {
      report = try await self.report(CimV1.Admin.Client(channel), options)
    } catch let error as RPCError {
      await channel.shutdown(within: .zero)
      throw AdminFailure(error, route: route, hasToken: token != nil)
    }
    await channel.shutdown(within: .zero)
    let text = self.options.json ? try report.json() : report.table()
    FileHandle.standardOutput.write(Data("\(text)\n".utf8))
  }
}

/// A user as an operator names one: an id, or a name. A name that is all digits is given as `name:42`.
struct UserArgument: ExpressibleByArgument {
  static let help = ArgumentHelp(
    "The user: an id such as 7, or a name. A name of digits only is given as name:7.", valueName: "user")

  let key: CimV1.UserKey

  init(argument: String) {
    if argument.hasPrefix("name:") {
      self.key = CimV1.UserKey(key: .name(String(argument.dropFirst("name:".count))))
    } else if let id = UInt64(argument) {
      self.key = CimV1.UserKey(key: .userID(id))
    } else {
      self.key = CimV1.UserKey(key: .name(argument))
    }
  }
}
