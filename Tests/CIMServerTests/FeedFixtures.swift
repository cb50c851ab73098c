import CIMCore
import CIMProtos
import NIOCore

@testable import CIMServer

/// A log of which parts come, in any order.
struct TestLog {
  private(set) var messages: [CimV1.Message] = []
  let conversation: String
  private var epoch: UInt64 = 1
  private var seq: UInt64 = 0

  init(_ conversation: String = "lobby") { self.conversation = conversation }

  /// Appends that many messages, and more under a later epoch after `beginEpoch`.
  @discardableResult
  mutating func append(
    _ count: Int = 1, from sender: UInt64 = 9, content: CimV1.Content.Kind? = nil, of member: UInt64? = nil
  ) -> Self {
    for _ in 0..<count {
      seq += 1
      messages.append(
        CimV1.Message(
          conversation: conversation, position: CimV1.LogPosition(epoch: epoch, seq: seq),
          previous: messages.last?.position, sender: CimV1.User(id: sender, name: "n"),
          content: CimV1.Content(
            kind: content ?? .text("\(seq)"), member: member.map { CimV1.User(id: $0, name: "n") })))
    }
    return self
  }

  /// The log goes on in a new epoch, after the last `lost` messages were lost.
  mutating func beginEpoch(losing lost: Int = 0) {
    messages.removeLast(lost)
    epoch += 1
    seq = 0
  }

  /// The entry at an index, beginning with 1.
  func entry(_ index: Int) throws -> FramedEntry { try FramedEntry(messages[index - 1]) }

  /// Where the entry at an index is; 0 is the beginning.
  func position(_ index: Int) -> LogPosition {
    index == 0 ? .beginning : LogPosition(messages[index - 1].position)
  }

  /// A page of what stands at these indices.
  func page(
    _ indices: Range<Int>, more: Bool = false, reset: CimV1.Reset? = nil
  ) throws -> FetchedPage {
    try FetchedPage(
      CimV1.Page(messages: indices.map { messages[$0 - 1] }, more: more, reset: reset))
  }
}

extension FeedOutput {
  /// The positions of what the client gets, and resets as their last missing place.
  var told: [LogPosition] {
    frames.map { frame in
      switch frame {
      case .entry(let entry): entry.position
      case .reset(let reset): LogPosition(reset.until)
      }
    }
  }

  /// Whether the client is told of something that can't be had.
  var hasReset: Bool {
    frames.contains { if case .reset = $0 { true } else { false } }
  }
}
