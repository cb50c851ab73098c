import ArgumentParser
import CIMProtos
import NgRPC

/// `cim admin`
struct AdminCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin",
    abstract: "Look into a running system, and act on it.",
    discussion: """
      It talks to a route that listens for operators (admin.listen), which shows what the stores know, and which servers that \
      route sees.
        cim route --admin-listen 127.0.0.1:7410
        cim admin servers
        cim admin sessions ann
      """,
    subcommands: [
      AdminSessionsCommand.self, AdminServersCommand.self, AdminKickCommand.self,
      AdminExplainCommand.self,
    ])
}

/// `cim admin sessions`
struct AdminSessionsCommand: AdminSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "Show a user's devices: which are logged in, and where they are connected.")

  @Argument(help: UserArgument.help) var user: UserArgument
  @OptionGroup var options: AdminOptions

  func report(_ admin: CimV1.Admin.Client, _ options: CallOptions) async throws -> Report {
    Report(try await admin.getUserSessions(.init(user: self.user.key), options: options))
  }
}

/// `cim admin servers`
struct AdminServersCommand: AdminSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "servers", abstract: "List the servers that the route knows, and how its links to them are.")

  @OptionGroup var options: AdminOptions

  func report(_ admin: CimV1.Admin.Client, _ options: CallOptions) async throws -> Report {
    Report(try await admin.listServers(.init(), options: options))
  }
}

/// `cim admin kick`
struct AdminKickCommand: AdminSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "kick",
    abstract: "End a user's logins and close the connections.",
    discussion: """
      The clients are told why, and do not come back by themselves; the user may log in again at once.
      """)

  @Argument(help: UserArgument.help) var user: UserArgument

  @Option(help: ArgumentHelp("Only this device; without it, all of the user's.", valueName: "id"))
  var device: String?

  @Option(help: ArgumentHelp("What the user is told, 256 bytes at most.", valueName: "text"))
  var reason: String = ""

  @OptionGroup var options: AdminOptions

  func validate() throws {
    guard self.device != "" else {
      throw ValidationError("--device is empty: name a device, or leave it out for all of the user's.")
    }
  }

  func report(_ admin: CimV1.Admin.Client, _ options: CallOptions) async throws -> Report {
    let request = CimV1.KickUserRequest(
      user: self.user.key, deviceID: self.device ?? "", reason: self.reason)
    return Report(try await admin.kickUser(request, options: options))
  }
}
