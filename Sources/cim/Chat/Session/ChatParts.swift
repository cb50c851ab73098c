import CIMClient
import CIMCore

/// What one chat is made of. No two chats share any of it.
struct ChatParts: Sendable {
  /// How long a line that nobody typed waits for answers to those before it.
  static let patience: Duration = .seconds(5)

  let client: ChatClient
  let surface: any ChatSurface
  let recorder: ChatRecorder
  let acquaintances: Acquaintances
  let sent: SentLines
  /// What was shown.
  let seen = SeenPlaces()
  /// Somebody who replies to each line to the lobby: leaving waits for these replies.
  let replier: UserID?

  /// Who chats.
  var me: Account? { self.client.info.account }

  /// Whether what is said now goes out at once.
  var isConnected: Bool { if case .ready = self.client.info.state { true } else { false } }

  /// What was left unanswered last time is awaited now.
  func resume() async {
    let count = await self.sent.resume(self.client.restored)
    if count > 0 { self.surface.show(.resumed(count)) }
  }
}
