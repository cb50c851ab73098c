import ArgumentParser
import CIMCore
import CIMProtos
import NgRPC

/// `cim admin explain`
struct AdminExplainCommand: AdminSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain what became of one message, for each receiver.",
    discussion: """
      It tells where the message stands in its log, who is to have it, which devices have it, where the others are \
      connected, and what is to happen next; nothing of what it says. A message is named by its conversation and its place \
      there, which clients and Route.History tell.
        cim admin explain lobby 1764000000000-17
        cim admin explain p:1:2 1764000000000-3 --receiver bob
      """)

  @Argument(help: "The conversation: lobby, p:<lower user id>:<higher user id> or g:<group id>.")
  var conversation: String

  @Argument(help: "The message's place, as epoch-number, such as 1764000000000-17.", transform: Self.position)
  var position: LogPosition

  @Option(help: ArgumentHelp("Only for this user: an id, a name, or name:7.", valueName: "user"))
  var receiver: UserArgument?

  @Option(help: ArgumentHelp("How many receivers at most, 1 to 100.", valueName: "number"))
  var limit: UInt32 = 20

  @OptionGroup var options: AdminOptions

  func report(_ admin: CimV1.Admin.Client, _ options: CallOptions) async throws -> Report {
    let request = CimV1.ExplainMessageRequest(
      conversation: self.conversation,
      position: CimV1.LogPosition(epoch: self.position.epoch, seq: self.position.seq),
      receiver: self.receiver?.key, pageSize: self.limit)
    return Report(
      try await admin.explainMessage(request, options: options), conversation: self.conversation,
      position: "\(self.position)")
  }

  private static func position(_ text: String) throws -> LogPosition {
    guard let position = LogPosition(text) else {
      throw ValidationError("a place is epoch-number, such as 1764000000000-17.")
    }
    return position
  }
}
